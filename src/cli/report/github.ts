/** Results as workflow commands of GitHub Actions, which show them in the changed lines of a pull request. */

import type { ReportLevel, ReportResult } from './result.ts';
import { withObject } from './text.ts';

const COMMANDS: Readonly<Record<ReportLevel, string>> = {
  error: 'error',
  warning: 'warning',
  note: 'notice',
};

/** Source of the escapes: actions/toolkit, packages/core, `command.ts`. */
export function formatGithub(results: readonly ReportResult[]): string {
  return results.map((result) => `${annotation(result)}\n`).join('');
}

function annotation({ rule, level, message, place, object }: ReportResult): string {
  const at =
    place === undefined || place.file === '-'
      ? {}
      : { file: place.file, line: place.line, col: place.column };
  const properties = Object.entries({ ...at, title: rule })
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
    .join(',');
  return `::${COMMANDS[level]} ${properties}::${escapeData(withObject(message, object))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
