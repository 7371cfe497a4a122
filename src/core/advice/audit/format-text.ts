/** The report of an audit as text for a terminal. */
import type { AuditReport } from './audit.ts';
import type { AuditFinding } from './findings.ts';
import { summaryOf } from './summary.ts';

/** @returns lines, with a final line feed */
export function formatAuditText(report: AuditReport): string {
  const blocks = report.findings.map((one) => `${linesOf(one).join('\n')}\n`);
  const limits = report.limits.map((one) => `not checked: ${one}\n`).join('');
  return `${blocks.join('\n')}${blocks.length === 0 ? '' : '\n'}${summaryOf(report)}\n${limits}`;
}

function linesOf({ level, code, subject, message, items, more, workloads }: AuditFinding): readonly string[] {
  const others = workloads.filter((one) => one !== subject);
  return [
    `${level}: ${subject}: ${message} (${code})`,
    ...items.map((one) => `  ${one}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(others.length > 0 ? [`  workloads: ${others.join(', ')}`] : []),
  ];
}
