/** How long a look may take, and how often it may try. */

const MOST_SECONDS = 30;

/**
 * The tries of each call of a look. The next look follows soon after an outage has begun, and more tries in each of them would
 * multiply the calls of all pods.
 */
export const LOOK_TRIES = 3;

/** @param timeoutSeconds of the first run. Nobody waits for a look, and another one follows. */
export function lookMilliseconds(timeoutSeconds: number): number {
  return Math.min(timeoutSeconds, MOST_SECONDS) * 1000;
}
