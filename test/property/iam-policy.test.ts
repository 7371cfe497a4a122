/** Policies allow the calls of the fetchers of generated pods, and no others: decided by an evaluator of IAM policies. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Advice } from '../../src/core/advice/advice.ts';
import { parseIssuer } from '../../src/core/advice/issuer.ts';
import { type KeyArn, parseKeyArn } from '../../src/core/advice/key-arn.ts';
import { policySize } from '../../src/core/advice/policy-size.ts';
import { adviceFor } from '../iam/advice.ts';
import { allows, type IamRequest } from '../iam/evaluator.ts';
import {
  ACCOUNTS,
  foundArn,
  manifestOf,
  REGIONS,
  ROLES,
  regionsOf,
  STAGES,
  VERSION_IDS,
  type Wanted,
  type WantingPod,
  wanted,
  wantingPod,
  writtenArn,
} from '../iam/pods.ts';

const GET = 'secretsmanager:GetSecretValue';
const DESCRIBE = 'secretsmanager:DescribeSecret';
const pods = fc.array(wantingPod, { minLength: 1, maxLength: 5 });
const keys = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...REGIONS), fc.constantFrom(...ACCOUNTS)), {
    maxLength: 4,
    selector: String,
  })
  .map((places) =>
    places
      .map(([region, account]) => parseKeyArn(`arn:aws:kms:${region}:${account}:key/k-1`))
      .filter((key) => key !== undefined),
  );

/** The identity that reads the secrets of a pod. */
function readerOf({ namespace, serviceAccount, role, assumes }: WantingPod): string {
  return assumes?.role ?? role ?? `${namespace}/${serviceAccount}`;
}

function signerOf({ namespace, serviceAccount, role }: WantingPod): string {
  return role ?? `${namespace}/${serviceAccount}`;
}

function policiesOf(advice: Advice, key: string): readonly object[] {
  return advice.identities.find(({ identity }) => identity.key === key)?.permissions ?? [];
}

interface Call {
  readonly arn: string;
  readonly version: Wanted['version'];
}

/** The call of GetSecretValue as IAM sees it: AWS finds the complete ARN before it decides. */
function getSecretValue({ arn, version }: Call, action = GET): IamRequest {
  const context = {
    ...(version.stage === undefined ? {} : { 'secretsmanager:VersionStage': version.stage }),
    ...(version.id === undefined ? {} : { 'secretsmanager:VersionId': version.id }),
  };
  return { action, resource: arn, context };
}

/** The call of DescribeSecret, whose context says nothing about versions. */
function describeSecret(arn: string): IamRequest {
  return { action: DESCRIBE, resource: arn, context: {} };
}

/** Whether a pod asks for what a call gets. A partial ARN stands for the name with any suffix. */
function covers(one: Wanted, { arn, version }: Call, pinStage: boolean): boolean {
  const isSecret = regionsOf(one).some((region) => {
    const exact = foundArn(one, region);
    return one.isPartial
      ? arn.slice(0, -6) === exact.slice(0, -6) && /^[A-Za-z0-9]{6}$/.test(arn.slice(-6))
      : arn === exact;
  });
  if (!isSecret || !pinStage) return isSecret;
  if (one.version.id !== undefined) return version.id === one.version.id;
  const [asked, got] = [one.version.stage ?? 'AWSCURRENT', version.stage ?? 'AWSCURRENT'];
  // A stage has to be in the request if the pod names it.
  const isNamed = version.stage !== undefined || one.version.stage === undefined;
  return version.id === undefined && asked === got && isNamed;
}

/** What the fetchers ask for, and what is close to it. */
const call: fc.Arbitrary<Call> = fc.record({
  arn: fc.tuple(wanted, fc.constantFrom(...REGIONS)).map(([one, region]) => foundArn(one, region)),
  version: fc.oneof(
    fc.constant({}),
    fc.constantFrom(...STAGES).map((stage) => ({ stage })),
    fc.constantFrom(...VERSION_IDS).map((id) => ({ id })),
  ),
});

const ACCOUNT_PAIRS = ['shop', 'web', 'other'].flatMap((namespace) =>
  ['default', 'api', 'other'].map((serviceAccount) => [namespace, serviceAccount] as const),
);

/** Accounts of identities without a role are set, so that advice never asks for them. */
const SETTINGS = { account: ACCOUNTS[0] };

it('allow every call of every fetcher, across accounts too', () => {
  fc.assert(
    fc.property(pods, fc.boolean(), (list, pinStage) => {
      const advice = adviceFor(manifestOf(list), { ...SETTINGS, pinStage });
      for (const pod of list) {
        for (const one of pod.wanted) {
          for (const region of regionsOf(one)) {
            const request = getSecretValue({ arn: foundArn(one, region), version: one.version });
            expect(allows(policiesOf(advice, readerOf(pod)), request)).toBe(true);
            const describe = describeSecret(foundArn(one, region));
            if (pod.refresh !== undefined && one.version.id === undefined)
              expect(allows(policiesOf(advice, readerOf(pod)), describe)).toBe(true);
          }
          const reader = pod.assumes?.role ?? pod.role;
          if (reader === undefined || reader.split(':')[4] === one.account) continue;
          const principal = `AWS ${reader}`;
          const written = foundArn(one, one.region);
          const policy = advice.secrets.find(
            ({ arn }) => arn.text === (one.isPartial ? written.slice(0, -7) : written),
          );
          expect(policy).toBeDefined();
          const request = getSecretValue({ arn: written, version: one.version });
          expect(allows(policy === undefined ? [] : [policy.policy], { ...request, principal })).toBe(true);
          expect(
            allows(policy === undefined ? [] : [policy.policy], { ...request, principal: `${principal}x` }),
          ).toBe(false);
          const isDescribed = list.some(
            (other) =>
              other.refresh !== undefined &&
              (other.assumes?.role ?? other.role) === reader &&
              other.wanted.some(
                (each) => each.version.id === undefined && writtenArn(each) === writtenArn(one),
              ),
          );
          const describe = { ...describeSecret(written), principal };
          expect(allows(policy === undefined ? [] : [policy.policy], describe)).toBe(isDescribed);
        }
      }
    }),
  );
});

it('allow a call only to the identity of a pod that asks for it', () => {
  fc.assert(
    fc.property(
      pods,
      fc.array(call, { minLength: 20, maxLength: 40 }),
      fc.boolean(),
      (list, calls, pinStage) => {
        const advice = adviceFor(manifestOf(list), { ...SETTINGS, pinStage });
        for (const { identity, permissions } of advice.identities) {
          const asking = list.filter((pod) => readerOf(pod) === identity.key);
          const asked = asking.flatMap((pod) => pod.wanted);
          const described = asking.flatMap((pod) =>
            pod.refresh === undefined ? [] : pod.wanted.filter(({ version }) => version.id === undefined),
          );
          for (const one of calls) {
            const expected = asked.some((each) => covers(each, one, pinStage));
            expect(allows(permissions, getSecretValue(one))).toBe(expected);
            const isDescribed = described.some((each) => covers(each, one, false));
            expect(allows(permissions, describeSecret(one.arn))).toBe(isDescribed);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

it('do not allow DescribeSecret where the fetcher looks with GetSecretValue', () => {
  fc.assert(
    fc.property(pods, (list) => {
      const manifest = manifestOf(list.map((pod) => ({ ...pod, refresh: '5m' })));
      const text = JSON.stringify(adviceFor(manifest, SETTINGS, 'value'));
      expect(text).not.toContain(DESCRIBE);
    }),
    { numRuns: 20 },
  );
});

it('deny the neighbours of each secret, and every other action', () => {
  fc.assert(
    fc.property(wanted, fc.boolean(), (one, pinStage) => {
      const pod: WantingPod = { namespace: 'shop', serviceAccount: 'api', wanted: [one] };
      const policies = policiesOf(adviceFor(manifestOf([pod]), { ...SETTINGS, pinStage }), 'shop/api');
      const arn = foundArn(one, one.region);
      const of = (text: string) => getSecretValue({ arn: text, version: one.version });
      expect(allows(policies, of(arn))).toBe(true);
      const neighbours = [
        arn.replace(/-\w{6}$/, '-anything-AbCdEf'),
        `${arn}x`,
        arn.slice(0, -1),
        arn.replace(/-\w{6}$/, ''),
        arn.replace(':secret:', ':secret:x'),
        arn.replace(one.account, '777788889999'),
        arn.replace(one.region, 'ap-south-1'),
        arn.replace('arn:aws:', 'arn:aws-cn:'),
        arn.replace(':secret:', ':secret:*'),
        ...(one.isPartial
          ? []
          : [arn.replace(/\w{6}$/, 'ZZZZZZ'), arn.replace(/\w{6}$/, (text) => text.toLowerCase())]),
      ];
      for (const neighbour of neighbours) expect(allows(policies, of(neighbour)), neighbour).toBe(false);
      for (const action of [
        'DescribeSecret',
        'PutSecretValue',
        'BatchGetSecretValue',
        'ListSecrets',
        'GetResourcePolicy',
      ])
        expect(allows(policies, { ...of(arn), action: `secretsmanager:${action}` })).toBe(false);
      if (!pinStage) return;
      const other = getSecretValue({ arn, version: { stage: 'other' } });
      expect(allows(policies, other)).toBe(false);
      expect(allows(policies, getSecretValue({ arn, version: { id: '2'.repeat(32) } }))).toBe(false);
    }),
  );
});

/** Whether a key applies to a secret: it is of the Region, and of the account if the account has one there. */
function appliesTo(key: KeyArn, arn: string, all: readonly KeyArn[]): boolean {
  const [, , , region, account] = arn.split(':');
  const isOwned = all.some((one) => one.region === region && one.account === account);
  return key.region === region && (!isOwned || key.account === account);
}

it('allow kms:Decrypt with the keys of the secrets only, through Secrets Manager', () => {
  fc.assert(
    fc.property(pods, keys, fc.array(call, { minLength: 5, maxLength: 10 }), (list, all, calls) => {
      const used = all.filter(({ region }) =>
        list.some((pod) => pod.wanted.some((one) => regionsOf(one).includes(region))),
      );
      const advice = adviceFor(manifestOf(list), { ...SETTINGS, keys: used });
      for (const { identity, account, permissions } of advice.identities) {
        const asked = list.filter((pod) => readerOf(pod) === identity.key).flatMap((pod) => pod.wanted);
        const own = asked.flatMap((one) => regionsOf(one).map((region) => foundArn(one, region)));
        for (const arn of [...own, ...calls.map((one) => one.arn)]) {
          for (const key of used) {
            const expected =
              appliesTo(key, arn, used) && asked.some((one) => covers(one, { arn, version: {} }, false));
            const context = {
              'kms:ViaService': `secretsmanager.${key.region}.amazonaws.com`,
              'kms:EncryptionContext:SecretARN': arn,
            };
            const request = { action: 'kms:Decrypt', resource: key.text, context };
            expect(allows(permissions, request)).toBe(expected);
            expect(allows(permissions, { ...request, context: {} })).toBe(false);
            expect(
              allows(permissions, {
                ...request,
                context: { ...context, 'kms:ViaService': 'ssm.eu-west-1.amazonaws.com' },
              }),
            ).toBe(false);
            expect(allows(permissions, { ...request, action: 'kms:Encrypt' })).toBe(false);
            const statements = advice.keys.find((one) => one.key === key)?.statements ?? [];
            const half = { Version: '2012-10-17', Statement: statements };
            const principal = `AWS ${identity.role?.text}`;
            const isForeign = identity.role !== undefined && account !== key.account;
            expect(allows([half], { ...request, principal })).toBe(expected && isForeign);
          }
        }
      }
    }),
  );
});

it('allow to assume exactly the roles of pods that assume one, with their external IDs', () => {
  fc.assert(
    fc.property(pods, (list) => {
      const advice = adviceFor(manifestOf(list), SETTINGS);
      for (const { identity, permissions } of advice.identities) {
        const signers = list.filter((pod) => signerOf(pod) === identity.key);
        for (const role of ROLES) {
          const assuming = signers.filter((pod) => pod.assumes?.role === role);
          for (const action of ['sts:AssumeRole', 'sts:TagSession'])
            expect(allows(permissions, { action, resource: role })).toBe(assuming.length > 0);
          const trust = advice.identities.find((one) => one.identity.key === role)?.trust;
          for (const externalId of ['id-1', 'id-2', undefined]) {
            const context = externalId === undefined ? {} : { 'sts:ExternalId': externalId };
            const request = { action: 'sts:AssumeRole', principal: `AWS ${identity.key}`, context };
            // Without a condition, the trust policy allows any external ID.
            const expected = assuming.some(
              ({ role: first, assumes }) =>
                first !== undefined &&
                (assumes?.externalId === undefined || assumes.externalId === externalId),
            );
            expect(trust !== undefined && allows([trust], request)).toBe(expected);
          }
        }
      }
    }),
  );
});

it('trust exactly the service accounts of the pods that sign in to the role', () => {
  const issuer = parseIssuer('https://issuer.example/id/1');
  const clusters = fc.constantFrom(undefined, 'arn:aws:eks:eu-west-1:111122223333:cluster/prod');
  fc.assert(
    fc.property(pods, fc.constantFrom('irsa', 'pod-identity'), clusters, (list, kind, cluster) => {
      const trust = {
        kind,
        issuer,
        audience: 'sts.amazonaws.com',
        roleTokenAudience: 'sts.amazonaws.com',
        cluster,
        sessionTags: true,
      };
      const advice = adviceFor(manifestOf(list), { ...SETTINGS, trust });
      for (const { identity, account, trust: policy } of advice.identities) {
        const accepts = (request: IamRequest) => policy !== undefined && allows([policy], request);
        for (const [namespace, serviceAccount] of ACCOUNT_PAIRS) {
          const same = list.filter(
            (pod) =>
              signerOf(pod) === identity.key &&
              pod.namespace === namespace &&
              pod.serviceAccount === serviceAccount,
          );
          // Pods with a role of their own sign in with tokens, and the others in the way that was set.
          const byToken = same.some((pod) => pod.role !== undefined || kind === 'irsa');
          const byAgent = same.some((pod) => pod.role === undefined && kind === 'pod-identity');
          const token = {
            action: 'sts:AssumeRoleWithWebIdentity',
            principal: `Federated arn:aws:iam::${account}:oidc-provider/issuer.example/id/1`,
            context: {
              'issuer.example/id/1:sub': `system:serviceaccount:${namespace}:${serviceAccount}`,
              'issuer.example/id/1:aud': 'sts.amazonaws.com',
            },
          };
          expect(accepts(token)).toBe(byToken);
          expect(accepts({ ...token, principal: token.principal.replace('/id/1', '/id/2') })).toBe(false);
          expect(
            accepts({ ...token, context: { ...token.context, 'issuer.example/id/1:aud': 'other' } }),
          ).toBe(false);
          const agent = {
            principal: 'Service pods.eks.amazonaws.com',
            context: {
              'aws:RequestTag/kubernetes-namespace': namespace,
              'aws:RequestTag/kubernetes-service-account': serviceAccount,
              'aws:RequestTag/eks-cluster-arn': cluster ?? 'arn:aws:eks:eu-west-1:111122223333:cluster/any',
            },
          };
          const other = { ...agent.context, 'aws:RequestTag/eks-cluster-arn': `${cluster}-2` };
          for (const action of ['sts:AssumeRole', 'sts:TagSession']) {
            expect(accepts({ ...agent, action })).toBe(byAgent);
            expect(accepts({ ...agent, action, context: other })).toBe(byAgent && cluster === undefined);
            expect(accepts({ ...agent, action, context: {} })).toBe(false);
          }
        }
      }
    }),
  );
});

it('are within the size of managed policies, however many secrets', () => {
  const many = fc.array(wanted, { minLength: 60, maxLength: 90 });
  fc.assert(
    fc.property(many, fc.boolean(), (list, pinStage) => {
      const long = list.map((one, index) => ({ ...one, name: `${one.name}/${index}/${'x'.repeat(90)}` }));
      const pod: WantingPod = { namespace: 'shop', serviceAccount: 'api', wanted: long };
      const advice = adviceFor(manifestOf([pod]), { ...SETTINGS, pinStage });
      const policies = advice.identities[0]?.permissions ?? [];
      expect(policies.length).toBeGreaterThan(1);
      for (const policy of policies) expect(policySize(policy)).toBeLessThanOrEqual(6144);
      for (const one of long) {
        const request = getSecretValue({ arn: foundArn(one, one.region), version: one.version });
        expect(allows(policies, request)).toBe(true);
        expect(allows(policies, { ...request, resource: `${request.resource}x` })).toBe(false);
      }
    }),
    { numRuns: 10, endOnFailure: true },
  );
});
