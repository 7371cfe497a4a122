/** The figures of an audit in one sentence. */
import type { AuditReport } from './audit.ts';
import type { AuditFinding } from './findings.ts';
import { type AuditLevel, ruleOf } from './rules.ts';

/** `2 errors, 1 warning and 0 notes (1 undecided); 12 workloads, 3 roles, 40 secrets` */
export function summaryOf({ findings, counts }: Pick<AuditReport, 'findings' | 'counts'>): string {
  const found = [
    several(countOf(findings, 'error'), 'error'),
    several(countOf(findings, 'warning'), 'warning'),
    several(countOf(findings, 'note'), 'note'),
  ];
  const undecided = findings.filter(({ code }) => ruleOf(code).isUndecided === true).length;
  const audited = [
    several(counts.workloads, 'workload'),
    several(counts.roles, 'role'),
    several(counts.secrets, 'secret'),
    several(counts.pods, 'running pod'),
  ];
  const dropped = counts.dropped === 0 ? '' : `; ${counts.dropped} more findings are not listed`;
  return `${found.join(', ')} (${undecided} undecided) in ${audited.join(', ')}${dropped}`;
}

export function countOf(findings: readonly AuditFinding[], level: AuditLevel): number {
  return findings.filter((one) => one.level === level).length;
}

function several(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
