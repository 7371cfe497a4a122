/** The audit of the policies that iam-policy prints, and its decisions beside those of the small evaluator of the tests. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findWorkloads } from '../../src/cli/audit/workloads.ts';
import { readManifests } from '../../src/cli/manifests/read-manifests.ts';
import { audit } from '../../src/core/advice/audit/audit.ts';
import { readPolicyFiles } from '../../src/core/advice/audit/read-policy-files.ts';
import { readResourcePolicies, readSecretListing } from '../../src/core/advice/audit/read-secrets.ts';
import type { AuditCode } from '../../src/core/advice/audit/rules.ts';
import { formatJson } from '../../src/core/advice/format-json.ts';
import { parseIssuer } from '../../src/core/advice/issuer.ts';
import { effectsOf } from '../../src/core/iam/evaluate.ts';
import { readPolicy } from '../../src/core/iam/read-policy.ts';
import { RequestContext } from '../../src/core/iam/request-context.ts';
import { ISSUER, NOW } from '../audit/inputs.ts';
import { adviceFor } from '../iam/advice.ts';
import { allows } from '../iam/evaluator.ts';
import { foundArn, manifestOf, ROLES, regionsOf, type WantingPod, wantingPod } from '../iam/pods.ts';

const RUNS = { numRuns: 600 };
/** Every pod has a role, because policies of service accounts without one cannot be attached. */
const pods = fc
  .array(
    fc.tuple(wantingPod, fc.constantFrom(...ROLES)).map(
      ([pod, role]): WantingPod => ({
        role,
        ...pod,
        // In a Region and account, there is one secret of a name.
        wanted: pod.wanted.map((one) => ({ ...one, suffix: 'AbCdEf' })),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map(withoutOtherCopies);

/** A secret is either the replica of one of another Region, or has a resource policy of its own. */
function withoutOtherCopies(all: readonly WantingPod[]): readonly WantingPod[] {
  const key = (name: string, account: string, region: string) => `${name} ${account} ${region}`;
  const own = new Set(
    all.flatMap(({ wanted }) => wanted.map(({ name, account, region }) => key(name, account, region))),
  );
  return all.map((pod) => ({
    ...pod,
    wanted: pod.wanted.map(({ failover, ...one }) =>
      failover === undefined || own.has(key(one.name, one.account, failover)) ? one : { ...one, failover },
    ),
  }));
}

/** All secrets that exist, as two listings would say. */
function listingOf(all: readonly WantingPod[]): object {
  const arns = all.flatMap(({ wanted }) =>
    wanted.flatMap((one) => regionsOf(one).map((region) => foundArn(one, region))),
  );
  return { SecretList: [...new Set(arns)].map((ARN) => ({ ARN })) };
}

function codesFor(all: readonly WantingPod[], printed: string): readonly AuditCode[] {
  const read = readManifests(manifestOf(all), 'default');
  if (!read.ok) throw new Error(read.problem);
  const injection = { image: 'registry.example/aws-secrets-injector:1', sidecars: { can: true } } as const;
  const found = findWorkloads([{ name: 'pods.yaml', ...read.value }], {
    roles: new Map(),
    injection: { ...injection, refreshCheck: 'describe' },
  });
  const json: unknown = JSON.parse(printed);
  const roles = readPolicyFiles([{ name: 'printed.json', json }], { partition: 'aws', account: undefined });
  const listing = readSecretListing(listingOf(all));
  if (!roles.ok || !listing.ok) throw new Error('not read');
  const { findings } = audit({
    workloads: found.workloads,
    pods: [],
    iam: { roles: roles.value, accounts: new Set() },
    secrets: listing.value,
    resourcePolicies: readResourcePolicies(json),
    issuer: ISSUER,
    cluster: undefined,
    audience: 'sts.amazonaws.com',
    roleTokenAudience: 'sts.amazonaws.com',
    now: NOW,
  });
  return findings.map(({ code }) => code);
}

it('finds nothing missing and nothing beyond in the policies that iam-policy prints', () => {
  const expected: ReadonlySet<AuditCode> = new Set(['rotation-off', 'role-shared']);
  fc.assert(
    fc.property(pods, fc.boolean(), (all, pinStage) => {
      const advice = adviceFor(manifestOf(all), {
        pinStage,
        trust: {
          kind: 'irsa',
          issuer: parseIssuer(`https://${ISSUER}`),
          audience: 'sts.amazonaws.com',
          roleTokenAudience: 'sts.amazonaws.com',
          cluster: undefined,
          sessionTags: true,
        },
      });
      const others = codesFor(all, formatJson(advice)).filter((code) => !expected.has(code));
      // A role that is only used to assume another one, and has permissions of its own from another pod.
      expect(others).toEqual([]);
    }),
    RUNS,
  );
});

const values = fc.constantFrom('a', 'b', 'a*', '*', 'A');
const condition = fc.dictionary(
  fc.constantFrom(
    ...['StringEquals', 'StringLike', 'StringEqualsIfExists', 'ForAllValues:StringLike', 'Null'],
    ...['ForAnyValue:StringEquals'],
  ),
  fc.dictionary(fc.constantFrom('k:one', 'K:ONE', 'k:two'), fc.oneof(values, fc.array(values))),
  { maxKeys: 2 },
);
const statement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.constantFrom('s:Get', 's:*', 'S:g?t', 't:Get'),
  Resource: fc.constantFrom('*', 'arn:aws:s:r:1:a', 'arn:aws:s:r:1:?', 'arn:aws:s:*:1:b*'),
  Condition: condition,
});

it('decides about fully known requests as the evaluator of the tests does', () => {
  fc.assert(
    fc.property(
      fc.array(statement, { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('k:one', 'k:two'), values),
      (Statement, context) => {
        const document = { Version: '2012-10-17', Statement };
        const policy = readPolicy(document);
        if (!policy.ok) throw new Error(policy.problem);
        const call = { action: 's:Get', resource: 'arn:aws:s:r:1:a' };
        const known = new RequestContext(context, ['k:']);
        const { allow, deny } = effectsOf([policy.value], { ...call, context: known });
        expect([allow, deny]).not.toContain('unknown');
        expect(allow === 'yes' && deny === 'no').toBe(allows([document], { ...call, context }));
        // With fewer keys known, a decision stays the same or becomes open.
        const [open] = [effectsOf([policy.value], { ...call, context: new RequestContext({}) })];
        if (open.allow !== 'unknown') expect(open.allow).toBe(allow);
        if (open.deny !== 'unknown') expect(open.deny).toBe(deny);
      },
    ),
    { numRuns: 500 },
  );
});
