/** The findings of an audit as SARIF. */
import type { AuditReport } from '../../core/advice/audit/audit.ts';
import { AUDIT_CODES, ruleOf } from '../../core/advice/audit/rules.ts';
import type { ReportPlace, ReportResult } from '../report/result.ts';
import { formatSarif } from '../report/sarif.ts';

/**
 * Formats findings. One is at its first workload that has a place.
 * @param places where workloads are, by their names @param isComplete whether everything could be read
 */
export function formatAuditSarif(
  { findings }: AuditReport,
  places: ReadonlyMap<string, ReportPlace>,
  isComplete: boolean,
): string {
  const rules = AUDIT_CODES.map((id) => {
    const { level, meaning, action } = ruleOf(id);
    return { id, level, summary: meaning, help: action, page: `docs/reference/audit.md#${id}` };
  });
  const results = findings.map(({ code, level, subject, message, items, more, workloads }): ReportResult => {
    const place = [subject, ...workloads].map((name) => places.get(name)).find((one) => one !== undefined);
    const list = [...items, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
    return {
      rule: code,
      level,
      message: `${subject}: ${message}${list === '' ? '' : `: ${list}`}`,
      object: subject,
      fingerprint: `${code} ${subject} ${message}`,
      ...(place === undefined ? {} : { place }),
    };
  });
  return formatSarif(rules, results, isComplete);
}
