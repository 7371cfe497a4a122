import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Detaches every mount below a folder, the innermost first. @throws Error that lists the remaining mounts */
export function unmountBelow(directory: string): void {
  for (const mount of mountsBelow(directory).toReversed()) spawnSync('umount', ['--lazy', mount]);
  const remaining = mountsBelow(directory);
  if (remaining.length > 0) throw new Error(`still mounted: ${remaining.join(', ')}`);
}

function mountsBelow(directory: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((mount) =>
      mount.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((mount) => mount.startsWith(`${directory}/`));
}
