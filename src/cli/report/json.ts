/** Results as JSON, for programs. */
import type { ReportResult } from './result.ts';

/** The version of the format changes when a member is removed or gets another meaning. */
export function formatJson(results: readonly ReportResult[]): string {
  return `${JSON.stringify({ version: 1, results }, undefined, 2)}\n`;
}
