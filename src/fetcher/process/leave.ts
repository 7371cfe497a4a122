/**
 * Ends the process at once. `process.exit` waits for threads: a lookup of a name without a DNS server can take a minute
 * longer than the deadline, and a read from a file system that does not answer never ends.
 */

import { isSea } from 'node:sea';
import { EXIT } from '../../runtime/exit-command.ts';

/** Work of threads that cannot be cancelled. */
const IN_THREADS: ReadonlySet<string> = new Set(['GetAddrInfoReqWrap', 'FSReqCallback']);

/** Ends the process. @param code its exit code */
export function leave(code: number): void {
  if (process.getActiveResourcesInfo().some((name) => IN_THREADS.has(name))) {
    // Another program in the same process: the kernel ends the threads.
    const program = isSea() ? [EXIT, String(code)] : ['-e', `process.exit(${code})`];
    process.execve?.(process.execPath, [process.execPath, ...program], {});
  }
  process.exit(code);
}
