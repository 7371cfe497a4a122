/** docs/guides/policy.md: its fields are generated, and its examples are decided by the core. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decideInjection } from '../../../src/core/inject.ts';
import { field } from '../../../src/core/json.ts';
import { ruleFields } from '../../../src/core/policy/json-schema.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { readPolicy } from '../../../src/core/policy/read.ts';
import { formatProblem } from '../../../src/core/problems/problems.ts';
import { code, expectParts, ROOT, readPage, table } from './page.ts';

const PAGE = readPage('docs/guides/policy.md');
const BLOCKS = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);

function policyIn(text: string): Policy {
  const read = readPolicy(text);
  if (!read.ok) throw new Error(read.problem.join('\n'));
  return read.value;
}

it('lists every field of a rule', () => {
  expectParts('docs/guides/policy.md', {
    fields: table(
      ['field', 'value', 'meaning'],
      ruleFields().map(({ path: name, type, required, doc }) => [
        code(name),
        `${type}${required ? ', required' : ''}`,
        doc,
      ]),
    ),
  });
});

describe('the example', () => {
  const policy = policyIn(BLOCKS[0] ?? '');
  const rows = [...PAGE.matchAll(/^\| `([\w-]+)` \| `([\w.-]+): (\S+)` \| (allowed|denied by .*) \|$/gm)].map(
    ([, namespace = '', annotation = '', value = '', result = '']) => ({
      namespace,
      annotation,
      value,
      result,
    }),
  );

  it('has rows', () => expect(rows.length).toBeGreaterThan(8));

  /** The secret that a pod requests if the row is about something else. */
  const own = (namespace: string) =>
    `arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/${namespace}/db-AbCdEf`;

  const problemsOf = ({ namespace, annotation, value }: (typeof rows)[number]) => {
    const annotations = {
      ...(annotation.startsWith('file.')
        ? {}
        : { 'secrets-injector.dev/env.DB': `${own(namespace)}:password` }),
      [`secrets-injector.dev/${annotation}`]: value,
    };
    const pod = {
      metadata: { annotations },
      spec: { containers: [{ name: 'app', image: 'app', command: ['sh'] }] },
    };
    const settings = { image: 'injector:1', native: { can: true, probe: false } as const, policy };
    const outcome = decideInjection(pod, { namespace }, settings);
    return outcome.kind === 'denied' ? outcome.problems : [];
  };

  it.each(rows)('$namespace, $annotation $value: $result', (row) => {
    const problems = problemsOf(row);
    for (const problem of problems) expect(problem.code).toBe('POLICY_DENIED');
    const rules = new Set(problems.map(({ wrong }) => /rule "(\w+)"/.exec(wrong)?.[1] ?? 'namespaces'));
    expect(
      rules.size === 0 ? 'allowed' : `denied by ${[...rules].map((rule) => `\`${rule}\``).join(', ')}`,
    ).toBe(row.result);
  });

  it('has the message', () => {
    const [, message] = /```\n(POLICY_DENIED.*)\n```/.exec(PAGE) ?? [];
    const row = rows.find(({ value }) => value.includes('team-billing'));
    expect(row && problemsOf(row).map(formatProblem)).toEqual([message]);
  });
});

it('every policy on the page, and in the component, is valid', () => {
  const component = readFileSync(path.join(ROOT, 'manifests/components/policy/config-map.yaml'), 'utf8');
  const texts = [...BLOCKS, component].map((text): unknown => {
    const inConfigMap = field(field(parse(text), 'data'), 'policy.yaml');
    return inConfigMap ?? (text.includes('rules:') ? text : undefined);
  });
  const policies = texts.filter((text) => typeof text === 'string');
  expect(policies).toHaveLength(3);
  for (const text of policies) policyIn(text);
});

it.each([
  ['not YAML', 'rules: ['],
  ['unknown field', 'rules:\n  - name: shop\n    namespaces: [shop]\n    acounts: ["111122223333"]'],
  ['account without quotes', 'rules:\n  - name: shop\n    namespaces: [shop]\n    accounts: [111122223333]'],
  ['empty', ''],
])('the message for a file that is %s', (what, text) => {
  const [, message] = new RegExp(`^\\| ${what} \\| \`(.*)\` \\|$`, 'm').exec(PAGE) ?? [];
  const read = readPolicy(text);
  expect(read.ok ? [] : read.problem).toEqual([message]);
});
