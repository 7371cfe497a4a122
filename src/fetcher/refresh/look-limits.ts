/** How long a look may take. */

const MOST_SECONDS = 30;

/** @param timeoutSeconds of the first run. Nobody waits for a look, and another one follows. */
export function lookMilliseconds(timeoutSeconds: number): number {
  return Math.min(timeoutSeconds, MOST_SECONDS) * 1000;
}
