/** Results as lines for people and editors: `file:line:column: level CODE object: message`. */
import { printable } from '../../core/problems/quote.ts';
import type { ReportResult } from './result.ts';

export function formatText(results: readonly ReportResult[]): string {
  return results.map((result) => `${textLine(result)}\n`).join('');
}

function textLine({ rule, level, message, place, object }: ReportResult): string {
  const at =
    place === undefined ? '' : `${printable(nameOf(place.file), 4096)}:${place.line}:${place.column}: `;
  return `${at}${level} ${rule} ${withObject(message, object)}`;
}

/** The name of a file in messages. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** A message that says which object it is about. */
export function withObject(message: string, object: string | undefined): string {
  return object === undefined ? message : `${object}: ${message}`;
}
