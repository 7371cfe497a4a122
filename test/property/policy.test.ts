/** The operator's policy against an evaluator of its own, the published JSON Schema, and any text. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { decideInjection } from '../../src/core/inject.ts';
import { policySchema } from '../../src/core/policy/json-schema.ts';
import { readPolicy } from '../../src/core/policy/read.ts';

interface RuleText {
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly exceptNamespaces?: readonly string[];
  readonly accounts?: readonly string[];
  readonly regions?: readonly string[];
  readonly secrets?: readonly string[];
  readonly roles?: readonly string[];
  readonly completeArns?: boolean;
}

interface PolicyText {
  readonly namespaces?: readonly string[];
  readonly rules: readonly RuleText[];
}

const some = (...values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

const anyRule = fc.record(
  {
    name: fc.constant(''),
    namespaces: some('shop', 'shop-*', 'team-a', '*', '*-a', 's*p'),
    exceptNamespaces: some('shop', 'team-*'),
    accounts: some('111122223333', '444455556666'),
    regions: some('eu-west-1', 'eu-*', '*-1', 'us-east-1'),
    secrets: some(
      'a',
      'a/*',
      '*b',
      '{namespace}/*',
      '*{namespace}*',
      'arn:aws:secretsmanager:*:111122223333:secret:a/*',
      'arn:aws:secretsmanager:eu-*:*:secret:{namespace}/b-AbCdEf',
      'arn:aws:secretsmanager:us-east-1:444455556666:secret:*b',
    ),
    roles: fc.uniqueArray(
      fc.constantFrom(
        'arn:aws:iam::111122223333:role/{namespace}',
        'arn:aws:iam::*:role/team/*',
        'arn:aws:iam::444455556666:role/*',
      ),
      { maxLength: 2 },
    ),
    completeArns: fc.boolean(),
  },
  { requiredKeys: ['name', 'namespaces'] },
);

const anyPolicy: fc.Arbitrary<PolicyText> = fc
  .record(
    {
      namespaces: some('shop', 'shop-*', 'team-*', '*'),
      rules: fc.array(anyRule, { maxLength: 4 }),
    },
    { requiredKeys: ['rules'] },
  )
  .map((policy) => ({
    ...policy,
    rules: policy.rules.map((rule, index) => ({ ...rule, name: `rule ${index}` })),
  }));

const anyRequest = fc.record({
  namespace: fc.constantFrom('shop', 'shop-b', 'team-a', 'a'),
  region: fc.constantFrom('eu-west-1', 'us-east-1', 'eu-central-2'),
  account: fc.constantFrom('111122223333', '444455556666'),
  secret: fc.constantFrom('a', 'a/b', 'shop/b', 'team-a/b', 'b', 'x'),
  suffix: fc.constantFrom('-AbCdEf', ''),
  replica: fc.option(fc.constantFrom('eu-north-1', 'us-west-2'), { nil: undefined }),
  role: fc.option(
    fc.constantFrom(
      'arn:aws:iam::111122223333:role/shop',
      'arn:aws:iam::111122223333:role/team/a',
      'arn:aws:iam::444455556666:role/shop',
    ),
    { nil: undefined },
  ),
});

type Request = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never;

/** What the policy denies, written from docs/guides/policy.md and with regular expressions. */
function expectedDenials({ namespaces, rules }: PolicyText, request: Request): readonly string[] {
  const { namespace, region, account, secret, suffix, replica, role } = request;
  const like = (text: string, pattern: string) =>
    new RegExp(
      `^${pattern
        .replace(/[.+?^$()|[\]\\/]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('{namespace}', namespace)}$`,
    ).test(text);
  const isSecretAllowed = (patterns: readonly string[], where: string): boolean => {
    const bare = `arn:aws:secretsmanager:${where}:${account}:secret:${secret}`;
    return patterns.some((pattern) =>
      pattern.startsWith('arn:')
        ? like(bare, pattern) || like(bare + suffix, pattern)
        : like(secret, pattern),
    );
  };
  const applying = rules.filter(
    (rule) =>
      rule.namespaces.some((one) => like(namespace, one)) &&
      !(rule.exceptNamespaces ?? []).some((one) => like(namespace, one)),
  );
  const denials: string[] = [];
  if (namespaces?.some((one) => like(namespace, one)) === false) denials.push('namespace');
  for (const rule of applying) {
    const deny = (what: string) => denials.push(`${rule.name}: ${what}`);
    if (rule.completeArns === true && suffix === '') deny('incomplete');
    if (rule.accounts?.includes(account) === false) deny('account');
    if (rule.regions?.some((one) => like(region, one)) === false) deny(`region ${region}`);
    if (replica !== undefined && rule.regions?.some((one) => like(replica, one)) === false)
      deny(`region ${replica}`);
    if (rule.secrets !== undefined) {
      if (!isSecretAllowed(rule.secrets, region)) deny('secret');
      else if (replica !== undefined && !isSecretAllowed(rule.secrets, replica)) deny('replica');
    }
    if (role !== undefined && rule.roles?.some((one) => like(role, one)) === false) deny('role');
  }
  return denials.sort();
}

function actualDenials(policy: PolicyText, request: Request): readonly string[] {
  const { namespace, region, account, secret, suffix, replica, role } = request;
  const read = readPolicy(stringify(policy));
  if (!read.ok) throw new Error(read.problem.join('\n'));
  const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${secret}${suffix}`;
  const prefix = 'secrets-injector.dev/';
  const entry = { secret: arn, files: { db: {} }, ...(replica === undefined ? {} : { failover: [replica] }) };
  const annotations = {
    [`${prefix}secrets`]: JSON.stringify([entry]),
    ...(role === undefined ? {} : { [`${prefix}role-arn`]: role }),
  };
  const pod = { metadata: { annotations }, spec: { containers: [{ name: 'app', image: 'app' }] } };
  const outcome = decideInjection(pod, { namespace }, { image: 'injector:1', policy: read.value });
  if (outcome.kind === 'injected') return [];
  if (outcome.kind !== 'denied') throw new Error(outcome.kind);
  return outcome.problems
    .map(({ code, subject, wrong }) => {
      expect(code).toBe('POLICY_DENIED');
      if (subject === 'metadata.namespace') return 'namespace';
      const rule = /rule "(rule \d)"/.exec(wrong)?.[1];
      if (wrong.includes('requires complete ARNs')) return `${rule}: incomplete`;
      const [, what = '', value] = /does not allow (account|Region|secret|role) (\S+)/.exec(wrong) ?? [];
      if (what === 'Region') return `${rule}: region ${value}`;
      return `${rule}: ${subject.includes('failover') ? 'replica' : what}`;
    })
    .sort();
}

it('denies what its rules deny, and names every rule', () => {
  let [denied, allowed] = [0, 0];
  fc.assert(
    fc.property(anyPolicy, anyRequest, (policy, request) => {
      const expected = expectedDenials(policy, request);
      expect(actualDenials(policy, request)).toEqual(expected);
      if (expected.length > 0) denied += 1;
      else allowed += 1;
    }),
    { numRuns: 2000 },
  );
  expect(Math.min(denied, allowed)).toBeGreaterThan(200);
});

it('the order of rules has no meaning, and a further rule never allows more', () => {
  fc.assert(
    fc.property(anyPolicy, anyRequest, (policy, request) => {
      const all = actualDenials(policy, request);
      expect(actualDenials({ ...policy, rules: policy.rules.toReversed() }, request)).toEqual(all);
      const fewer = actualDenials({ rules: policy.rules.slice(1) }, request);
      expect(all).toEqual(expect.arrayContaining([...fewer]));
    }),
    { numRuns: 500 },
  );
});

const isValid = new Ajv2020({ allErrors: true }).compile(policySchema());

/** Values that are wrong in some places. */
const anyValue = fc.constantFrom<unknown>(
  null,
  true,
  5,
  '',
  '*',
  'x',
  'native',
  [],
  ['*'],
  ['a', 5],
  ['111122223333'],
  ['eu-west-1'],
  ['arn:aws:iam::111122223333:role/x'],
  {},
);

it('refuses what the JSON Schema refuses', () => {
  let refused = 0;
  const damaged = fc
    .tuple(
      anyPolicy,
      fc.nat(3),
      fc.constantFrom(
        'name',
        'namespaces',
        'exceptNamespaces',
        'accounts',
        'regions',
        'secrets',
        'roles',
        'envModes',
        'completeArns',
        'other',
        '',
      ),
      anyValue,
    )
    .map(([policy, index, field, value]) =>
      field === ''
        ? { ...policy, namespaces: value }
        : {
            ...policy,
            rules: policy.rules.map((rule, at) => (at === index ? { ...rule, [field]: value } : rule)),
          },
    );
  fc.assert(
    fc.property(damaged, (policy) => {
      const read = readPolicy(stringify(policy, { aliasDuplicateObjects: false }));
      const isShared = !read.ok && read.problem.some((one) => one.includes('another rule has the name'));
      expect(read.ok || isShared, JSON.stringify({ policy, read })).toBe(isValid(policy));
      if (!read.ok) refused += 1;
    }),
    { numRuns: 2000 },
  );
  expect(refused).toBeGreaterThan(400);
});

it('never throws, and says little, whatever the text', () => {
  const part = fc.constantFrom(
    ...'[]{}:,-?&*!|>\'"%@`#\n \t',
    'rules:\n  - name: a\n    namespaces: [shop]\n',
    '    accounts: ["111122223333"]\n',
    'default: deny\n',
    '__proto__: x\n',
    '<<: x\n',
    '\0',
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }).map((parts) => parts.join('')),
      (text) => {
        const read = readPolicy(text);
        if (read.ok) return;
        expect(read.problem.length).toBeGreaterThan(0);
        for (const line of read.problem) {
          expect(line).toMatch(/; |empty/);
          expect(line).not.toMatch(/\n/);
          expect(line.length).toBeLessThan(600);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
