/** The termination message of a container, which `kubectl describe pod` shows. */
import fs from 'node:fs';

/** Where kubelet creates the file by default. */
export const TERMINATION_LOG = '/dev/termination-log';
/** Kubernetes cuts longer messages. */
export const MOST_TERMINATION_BYTES = 4096;

/** Writes the message if kubelet created the file. Outside a container there is none, and the log contains the text. */
export function writeTerminationMessage(text: string, file: string): void {
  try {
    const { O_WRONLY, O_TRUNC } = fs.constants;
    const descriptor = fs.openSync(file, O_WRONLY | O_TRUNC);
    try {
      fs.writeSync(descriptor, shortened(text));
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    // No such file.
  }
}

function shortened(text: string): string {
  let kept = text;
  while (Buffer.byteLength(kept) > MOST_TERMINATION_BYTES)
    kept = `${kept.slice(0, Math.floor(kept.length * 0.95) - 1)}…`;
  return kept;
}
