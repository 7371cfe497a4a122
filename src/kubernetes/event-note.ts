/** The text of an Event. */

/** The API server's limit. Source: Kubernetes, ValidateEventCreate (events.k8s.io/v1). */
const MOST_NOTE_BYTES = 1024;

/** Cuts a text at the limit of an Event, without half a character. */
export function eventNote(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MOST_NOTE_BYTES) return text;
  const end = '…';
  const head = bytes.subarray(0, MOST_NOTE_BYTES - Buffer.byteLength(end)).toString();
  return `${head.replace(/\uFFFD$/, '')}${end}`;
}
