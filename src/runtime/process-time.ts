/**
 * Milliseconds since the process started, on the monotonic clock: the same as `performance.now()`, whose module takes more
 * than a millisecond to load.
 */
export function processTime(): number {
  return process.uptime() * 1000;
}
