/** Decisions about pods with a policy, beyond the golden cases. */
import jsonpatch, { type Operation } from 'fast-json-patch';
import { expect, it } from 'vitest';
import type { Outcome } from '../../../../src/core/decide/outcome.ts';
import { decideInjection } from '../../../../src/core/inject.ts';
import { readPolicy } from '../../../../src/core/policy/read.ts';
import { formatProblem } from '../../../../src/core/problems/problems.ts';
import type { InjectionSettings } from '../../../../src/core/settings.ts';
import { podAsking } from '../../../server/reviews.ts';

function withPolicy(text: string, native = false): InjectionSettings {
  const read = readPolicy(text);
  if (!read.ok) throw new Error(read.problem.join('\n'));
  return {
    image: 'registry.example/aws-secrets-injector:1',
    policy: read.value,
    ...(native ? { native: { can: true, probe: false } } : {}),
  };
}

const rule = (fields: string) => `rules: [{ name: limit, namespaces: ["*"], ${fields} }]`;

function deniedOf(outcome: Outcome): readonly string[] {
  return outcome.kind === 'denied' ? outcome.problems.map(formatProblem) : [];
}

function decideFile(arn: string, namespace: string, policy: string): Outcome {
  return decideInjection(podAsking({ 'file.db': arn }), { namespace }, withPolicy(policy));
}

const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:';

it.each([
  ['prod/db', 'prod/db-AbCdEf', true],
  ['prod/db', 'prod/db', true],
  ['prod/db', 'prod/db2-AbCdEf', false],
  ['prod/db-*', 'prod/db-AbCdEf', false],
  ['prod/*/db', 'prod/a/b/db-AbCdEf', true],
  ['*', 'rds!db-1-AbCdEf', true],
  [`${SECRET}prod/db`, 'prod/db-AbCdEf', true],
  [`${SECRET}prod/db-AbCdEf`, 'prod/db-AbCdEf', true],
  [`${SECRET}prod/db-AbCdEf`, 'prod/db', false],
  [`${SECRET}prod/db-AbCdEf`, 'prod/db-GhIjKl', false],
  [`${SECRET}prod/db-*`, 'prod/db-AbCdEf', true],
  ['arn:aws:secretsmanager:*:444455556666:secret:*', 'prod/db-AbCdEf', false],
  ['arn:aws:secretsmanager:*:111122223333:secret:*', 'prod/db-AbCdEf', true],
  ['arn:aws-cn:secretsmanager:*:*:secret:*', 'prod/db-AbCdEf', false],
])('secrets: [%j] and the secret %s: %s', (pattern, name, isAllowed) => {
  const outcome = decideFile(SECRET + name, 'shop', rule(`secrets: ['${pattern}']`));
  expect(outcome.kind).toBe(isAllowed ? 'injected' : 'denied');
});

it('a namespace is inserted as text, never as a pattern', () => {
  const policy = rule("secrets: ['prod/{namespace}/*'], roles: []");
  expect(decideFile(`${SECRET}prod/shop/db-AbCdEf`, 'shop', policy).kind).toBe('injected');
  // No API server has such namespaces.
  for (const namespace of ['*', 'sh*p', '$&', '{namespace}'])
    expect(decideFile(`${SECRET}prod/shop/db-AbCdEf`, namespace, policy).kind, namespace).toBe('denied');
});

it('remembers rules by namespace, and forgets some of them', () => {
  const settings = withPolicy(rule("secrets: ['{namespace}/*']"));
  const decideIn = (namespace: string, secret: string) =>
    decideInjection(podAsking({ 'file.db': `${SECRET}${secret}/db-AbCdEf` }), { namespace }, settings).kind;
  for (const round of ['first', 'second']) {
    for (let number = 0; number < 1100; number += 1)
      expect(decideIn(`n${number}`, `n${number}`), round).toBe('injected');
    expect(decideIn('n0', 'n1099')).toBe('denied');
    expect(decideIn('n1099', 'n0')).toBe('denied');
  }
});

it('shows what the rule allows in the namespace of the pod, and not everything', () => {
  const secrets = Array.from({ length: 8 }, (_, index) => `'${index}/{namespace}/*'`);
  const outcome = decideFile(`${SECRET}db-AbCdEf`, 'shop', rule(`secrets: [${secrets.join(', ')}]`));
  expect(deniedOf(outcome)).toEqual([
    `POLICY_DENIED secrets-injector.dev/file.db: the policy rule "limit" does not allow secret "${SECRET}db-AbCdEf"; use a secret that matches 0/shop/*, 1/shop/*, 2/shop/*, 3/shop/*, 4/shop/* or one of 3 more, or ask the operator to change the rule`,
  ]);
});

it('is an answer with status 403', () => {
  const outcome = decideFile(`${SECRET}db-AbCdEf`, 'shop', 'namespaces: [other]\nrules: []');
  expect(outcome).toMatchObject({ kind: 'denied', problems: [{ code: 'POLICY_DENIED' }] });
});

it('denies a secret that only an alias names, and its replicas at the entry', () => {
  const secrets = '- { secret: db, failover: [eu-central-1, eu-north-1], files: { a: {} } }';
  const pod = podAsking({ 'secret.db': `${SECRET}db-AbCdEf`, secrets });
  const decideWith = (fields: string) =>
    deniedOf(decideInjection(pod, { namespace: 'shop' }, withPolicy(rule(fields)))).map(
      (line) => line.split(' ')[1],
    );
  expect(decideWith('regions: [eu-central-1]')).toEqual([
    'secrets-injector.dev/secret.db:',
    'secrets-injector.dev/secrets[0].failover[1]:',
  ]);
  expect(decideWith("secrets: ['arn:aws:secretsmanager:eu-*-1:*:secret:db', 'x']")).toEqual([]);
  expect(decideWith("secrets: ['arn:aws:secretsmanager:eu-west-1:*:secret:db']")).toEqual([
    'secrets-injector.dev/secrets[0].failover[0]:',
    'secrets-injector.dev/secrets[0].failover[1]:',
  ]);
  // The name of a replica is that of the secret, which is one problem.
  expect(decideWith('secrets: [x]')).toEqual(['secrets-injector.dev/secret.db:']);
});

const ENV = { 'env.DB': `${SECRET}db-AbCdEf` };

function podRunning(annotations: Readonly<Record<string, string>>, command: readonly string[] | undefined) {
  return { ...podAsking(annotations), spec: { containers: [{ name: 'app', image: 'app', command }] } };
}

it.each([
  ['native', ['sh'], {}, 'native'],
  ['shell, file', ['sh'], {}, 'shell'],
  ['shell, file', ['server'], {}, 'denied native'],
  ['file', ['sh'], {}, 'denied native'],
  ['file', ['sh'], { 'env-mode': 'file' }, 'file'],
  ['file', ['sh'], { 'env-mode': 'shell' }, 'denied shell'],
  ['native', ['sh'], { 'env-mode': 'file' }, 'denied file'],
  ['native', ['sh'], { 'env-format': 'json' }, 'denied file'],
])('envModes [%s], command %j, %j: %s', (modes, command, options, expected) => {
  const pod = podRunning({ ...ENV, ...options }, command);
  const outcome = decideInjection(pod, { namespace: 'shop' }, withPolicy(rule(`envModes: [${modes}]`), true));
  if (expected.startsWith('denied ')) {
    expect(deniedOf(outcome)).toEqual([
      expect.stringContaining(
        `does not allow env-mode ${expected.slice('denied '.length)}, which container "app"`,
      ),
    ]);
  } else {
    const plan = JSON.stringify(outcome);
    expect(plan).toContain(`\\"${expected}\\":[\\"app\\"]`);
  }
});

it('does not limit pods without variables', () => {
  const pod = podRunning({ 'file.db': `${SECRET}db-AbCdEf` }, undefined);
  const settings = withPolicy(rule('envModes: [native]'));
  expect(decideInjection(pod, { namespace: 'shop' }, settings).kind).toBe('injected');
});

it('denies a later pass, or a restored pod, with an env-mode that the policy no longer allows', () => {
  const pod = podRunning(ENV, ['sh']);
  const first = decideInjection(pod, { namespace: 'shop' }, withPolicy(rule('envModes: [native]'), true));
  if (first.kind !== 'injected') throw new Error(first.kind);
  const operations = structuredClone([...first.patch]) as Operation[];
  const patched = jsonpatch.applyPatch(structuredClone(pod), operations, true).newDocument;
  const again = (modes: string) =>
    decideInjection(patched, { namespace: 'shop' }, withPolicy(rule(`envModes: [${modes}]`), true));
  expect(again('native')).toMatchObject({ kind: 'unchanged', reason: 'already-injected' });
  expect(deniedOf(again('shell'))).toEqual([expect.stringContaining('does not allow env-mode native')]);
});
