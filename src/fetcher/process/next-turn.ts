/** The next turn of the event loop, in which connections make progress. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
