/** The progress of checks: one line of a terminal, which disappears in the end. */
import type { Watch } from './run.ts';

/** Of a terminal that does not tell. */
const WIDTH = 80;
const CLEAR = '\r\u001b[K';

/** @param stream standard error @returns what to call for each change; nothing is written unless it is a terminal */
export function showProgress(stream: NodeJS.WriteStream): Watch {
  if (!stream.isTTY) return () => undefined;
  return (running, all) => {
    const names = running.map(({ name }) => name).join(', ');
    const text = `${all - running.length} of ${all} checks done; waiting for ${names}`;
    // A longer line would wrap, and only its last row could be cleared.
    stream.write(running.length === 0 ? CLEAR : CLEAR + text.slice(0, (stream.columns || WIDTH) - 1));
  };
}
