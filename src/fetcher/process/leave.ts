/**
 * Ends the process at once. `process.exit` waits for threads: a lookup of a name without a DNS server can take a minute
 * longer than the deadline, and a read from a file system that does not answer never ends.
 */

/** Work of threads that cannot be cancelled. */
const IN_THREADS: ReadonlySet<string> = new Set(['GetAddrInfoReqWrap', 'FSReqCallback']);

/** Ends the process. @param code its exit code */
export function leave(code: number): void {
  if (process.getActiveResourcesInfo().some((name) => IN_THREADS.has(name))) {
    // Another program in the same process: the kernel ends the threads.
    process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {});
  }
  process.exit(code);
}
