/** The report of `doctor` as text and as JSON. */
import type { Status } from './check.ts';
import type { CheckResult } from './run.ts';

const STATUSES: readonly Status[] = ['ok', 'warn', 'fail', 'skipped'];

/** A line for each finding, what to do below it, and the sums. Checks that are skipped for one reason share a line. */
export function formatReport(results: readonly CheckResult[]): string {
  const all = results.flatMap(({ check, findings }) => findings.map((one) => ({ name: check.name, ...one })));
  const groups = [
    ...Map.groupBy(all, ({ status, what, name }) =>
      status === 'skipped' ? what : `${name} ${what}`,
    ).values(),
  ];
  const lines = groups.flatMap((group) => {
    const names = [...new Set(group.map(({ name }) => name))].join(', ');
    const next = [...new Set(group.flatMap((one) => one.next))].map((one) => `          next: ${one}`);
    return group.slice(0, 1).flatMap(({ status, what }) => [`${status.padEnd(8)}${names}: ${what}`, ...next]);
  });
  const sums = STATUSES.map((status) => `${countOf(results, status)} ${status}`).join(', ');
  return `${[...lines, '', sums].join('\n')}\n`;
}

/** A list with an object for each finding. */
export function formatReportJson(results: readonly CheckResult[]): string {
  const lines = results.flatMap(({ check, findings }) =>
    findings.map((one) => ({ check: check.name, ...one })),
  );
  return `${JSON.stringify(lines, undefined, 2)}\n`;
}

/** The number of findings with a status. */
export function countOf(results: readonly CheckResult[], status: Status): number {
  return results.flatMap(({ findings }) => findings).filter((one) => one.status === status).length;
}
