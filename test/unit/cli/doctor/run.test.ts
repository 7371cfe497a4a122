/** How checks run, and what the report says. */
import { expect, it } from 'vitest';
import { type Check, finding, okay } from '../../../../src/cli/doctor/check.ts';
import { CHECKS } from '../../../../src/cli/doctor/checks/all.ts';
import { showProgress } from '../../../../src/cli/doctor/progress.ts';
import { countOf, formatReport, formatReportJson } from '../../../../src/cli/doctor/report.ts';
import { runChecks } from '../../../../src/cli/doctor/run.ts';
import { fakeContext, NO_ANSWER } from './fake-cluster.ts';

const check = (name: string, run: Check['run']): Check => ({ name, about: '', run });

it('runs all checks at once, and none longer than its limit', async () => {
  let aborted = false;
  const checks = [
    check('slow', (_, signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true)))),
    check('broken', () => Promise.reject(new Error('hunter2'))),
    check('thrown', () => {
      throw new Error('hunter2');
    }),
    check('fine', async () => [okay('fine'), finding('warn', 'not so fine', 'one', 'two')]),
  ];
  const seen: string[] = [];
  const results = await runChecks(checks, fakeContext(), 50, (running, all) =>
    seen.push(`${running.map(({ name }) => name).join(' ')}/${all}`),
  );
  expect(aborted).toBe(true);
  expect([seen[0], seen.at(-1)]).toEqual(['slow broken thrown fine/4', '/4']);
  const text = formatReport(results);
  expect(text).toBe(`skipped slow: no result within 0.05 s
fail    broken: internal error in this check
          next: Report it with the output of --version.
fail    thrown: internal error in this check
          next: Report it with the output of --version.
ok      fine: fine
warn    fine: not so fine
          next: one
          next: two

1 ok, 1 warn, 2 fail, 1 skipped
`);
  expect(countOf(results, 'fail')).toBe(2);
  expect(JSON.parse(formatReportJson(results))).toContainEqual({
    check: 'fine',
    status: 'warn',
    what: 'not so fine',
    next: ['one', 'two'],
  });
});

it('an API server that does not answer fails once; everything else is skipped', async () => {
  const results = await runChecks(CHECKS, fakeContext({ answers: { '/': NO_ANSWER } }), 5000);
  expect(
    results.flatMap(({ check, findings }) =>
      findings.flatMap(({ status }) => (status === 'fail' ? [check.name] : [])),
    ),
  ).toEqual(['api-server']);
  expect(countOf(results, 'ok') + countOf(results, 'warn')).toBe(0);
  expect(new Set(CHECKS.map(({ name }) => name)).size).toBe(CHECKS.length);
});

it('shows progress on a terminal only', () => {
  const written: string[] = [];
  const stream = (isTTY: boolean, columns = 40) =>
    ({ isTTY, columns, write: (text: string) => written.push(text) }) as unknown as NodeJS.WriteStream;
  const [one = check('', async () => []), two = one] = CHECKS;
  showProgress(stream(false))([one], 2);
  expect(written).toEqual([]);
  const show = showProgress(stream(true));
  show([one, two], 13);
  show([], 13);
  expect(written).toEqual(['\r\u001b[K11 of 13 checks done; waiting for api-s', '\r\u001b[K']);
});

it('checks that are skipped for one reason share a line', () => {
  const check = (name: string) => ({ name, about: '', run: async () => [] });
  const skipped = finding('skipped', 'no answer', 'Check the network.');
  const results = ['a', 'b', 'c'].map((name) => ({
    check: check(name),
    findings: name === 'b' ? [finding('fail', 'no answer')] : [skipped],
  }));
  expect(formatReport(results)).toBe(
    'skipped a, c: no answer\n          next: Check the network.\nfail    b: no answer\n\n0 ok, 0 warn, 1 fail, 2 skipped\n',
  );
});
