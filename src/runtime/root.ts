/** The flag `--root` of the injected programs, with which they run outside a container. */
import path from 'node:path';

/** The directory of `--root`, by default `/`; undefined if the arguments are invalid. */
export function readRoot(argv: readonly string[]): string | undefined {
  const [flag, value, ...rest] = argv;
  if (flag === undefined) return '/';
  if (flag.startsWith('--root=') && value === undefined) return path.resolve(flag.slice('--root='.length));
  return flag === '--root' && value !== undefined && rest.length === 0 ? path.resolve(value) : undefined;
}
