/** The rules of docs/reference/audit.md are generated from their table. */
import { expect, it } from 'vitest';
import type { EdgeKind } from '../../../src/core/advice/audit/graph.ts';
import { AUDIT_CODES, ruleOf } from '../../../src/core/advice/audit/rules.ts';
import { auditOf, deployment, roleArn, secretArn, serviceAccount } from '../../audit/inputs.ts';
import { code, expectParts, readPage, table } from './page.ts';

it('docs/reference/audit.md is current', () => {
  expectParts('docs/reference/audit.md', {
    rules: table(
      ['code', 'level', 'meaning', 'what to do'],
      AUDIT_CODES.map((name) => {
        const { level, meaning, action, isUndecided } = ruleOf(name);
        return [
          `<a id="${name}"></a>${code(name)}`,
          isUndecided === true ? `${level}, *undecided*` : level,
          meaning,
          action,
        ];
      }),
    ),
  });
});

it('the page lists all members of the JSON, and all kinds of edges', () => {
  const page = readPage('docs/reference/audit.md');
  const objects = [deployment('web', [secretArn('db-AbCdEf')]), serviceAccount('web', roleArn('web'))];
  const report = auditOf({ objects });
  const listed = [...page.matchAll(/^\| (`[\w-]+`(?:, `[\w-]+`)*) \| /gm)].flatMap(([, names = '']) =>
    names.replaceAll('`', '').split(', '),
  );
  expect(listed).toEqual(expect.arrayContaining(['version', ...Object.keys(report)]));
  const kinds: Readonly<Record<EdgeKind, true>> = {
    uses: true,
    'signs-in': true,
    assumes: true,
    has: true,
    allows: true,
    exceeds: true,
    denied: true,
    undecided: true,
  };
  expect(listed).toEqual(expect.arrayContaining(Object.keys(kinds)));
});
