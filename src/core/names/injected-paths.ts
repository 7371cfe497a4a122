/** Paths inside the injected containers whose files decide what the programs do. */
import { covers } from './paths.ts';
import { VIEWS_DIRECTORY } from './volume-layout.ts';

/**
 * No other mount may be at, above or below one of these: the programs, the volumes of views, the kernel's files, and
 * what the dynamic linker and OpenSSL load (OPENSSLDIR of the Node.js binary is /etc/ssl).
 */
export const INJECTED_PATHS: readonly string[] = [
  '/app',
  VIEWS_DIRECTORY,
  '/dev',
  '/proc',
  '/lib',
  '/lib64',
  '/usr/lib',
  '/usr/lib64',
  '/etc/ld.so.cache',
  '/etc/ld.so.preload',
  '/etc/ssl/openssl.cnf',
  '/home/iojs',
];

/** The path that a mount at `path` would replace or change, or undefined. */
export function replacedBy(path: string): string | undefined {
  return INJECTED_PATHS.find((one) => covers(one, path) || covers(path, one));
}
