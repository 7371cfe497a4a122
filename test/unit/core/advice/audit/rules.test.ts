/** Each rule of the audit: inputs that it reports, and the same inputs without the mistake. */
import { describe, expect, it } from 'vitest';
import { audit } from '../../../../../src/core/advice/audit/audit.ts';
import type { AuditInputs } from '../../../../../src/core/advice/audit/inputs.ts';
import { AUDIT_CODES, type AuditCode } from '../../../../../src/core/advice/audit/rules.ts';
import {
  ACCOUNT,
  allowRead,
  auditOf,
  type Documents,
  deployment,
  ISSUER,
  iamRole,
  inputsOf,
  listed,
  policy,
  roleArn,
  secretArn,
  serviceAccount,
  trustIn,
  VERSION,
} from '../../../../audit/inputs.ts';
import { runningPod } from '../../../../audit/running-pod.ts';

const DB = secretArn('prod/db-AbCdEf');
const OTHER = secretArn('prod/other-GhIjKl');
const FOREIGN = secretArn('shared-AbCdEf', '444455556666');
const WEB = roleArn('web');
const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const KEY_STATEMENT = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: KEY };

interface Parts {
  readonly permissions?: readonly object[];
  readonly trust?: readonly object[];
  readonly role?: object;
  readonly objects?: readonly object[];
  readonly secrets?: readonly object[];
  readonly resourcePolicies?: readonly object[];
  readonly more?: Partial<Documents>;
  readonly settings?: Partial<AuditInputs>;
}

/** One workload with exactly the access that it needs, but for these parts. */
function documentsOf({
  permissions,
  trust,
  role,
  objects,
  secrets,
  resourcePolicies,
  more,
}: Parts): Documents {
  return {
    objects: [deployment('web', [DB]), serviceAccount('web', WEB), ...(objects ?? [])],
    roles: [
      iamRole(
        WEB,
        policy(...(trust ?? [trustIn('web')])),
        [policy(...(permissions ?? [allowRead(DB)]))],
        role,
      ),
    ],
    secrets: secrets ?? [listed(DB)],
    resourcePolicies: resourcePolicies ?? [],
    ...more,
  };
}

interface Case extends Parts {
  readonly name: string;
  /** Codes that it must find besides its own. */
  readonly also?: readonly AuditCode[];
  /** A part of the message. */
  readonly says: string;
}

function trustWith(change: object, base: object = trustIn('web')): object {
  return JSON.parse(JSON.stringify({ ...base, ...change }));
}

const AUDIENCE = { [`${ISSUER}:aud`]: 'sts.amazonaws.com' };
const SUBJECT = { [`${ISSUER}:sub`]: 'system:serviceaccount:shop:web' };
const POD_IDENTITY = {
  Effect: 'Allow',
  Principal: { Service: 'pods.eks.amazonaws.com' },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
};
const ASSUMED = roleArn('reader', '444455556666');

const CASES: Readonly<Record<AuditCode, readonly Case[]>> = {
  'used-not-granted': [
    { name: 'no statement', permissions: [allowRead(OTHER)], says: 'no policy of the role allows it' },
    {
      name: 'a deny',
      permissions: [allowRead(DB), { Effect: 'Deny', Action: 'secretsmanager:*', Resource: DB }],
      says: 'explicitly',
    },
    {
      name: 'a permissions boundary',
      role: { PermissionsBoundary: { PermissionsBoundaryArn: 'arn:aws:iam::aws:policy/boundary' } },
      more: {
        policies: [
          {
            Arn: 'arn:aws:iam::aws:policy/boundary',
            PolicyVersionList: [{ IsDefaultVersion: true, Document: policy(allowRead(OTHER)) }],
          },
        ],
      },
      says: 'permissions boundary',
    },
    {
      name: 'another account without its half',
      objects: [deployment('web', [FOREIGN])],
      permissions: [allowRead(DB, FOREIGN)],
      secrets: [listed(DB), listed(FOREIGN)],
      says: 'which is in another account',
    },
    {
      name: 'DescribeSecret for refresh',
      objects: [deployment('web', [DB], { annotations: { 'secrets-injector.dev/refresh': '5m' } })],
      says: 'secretsmanager:DescribeSecret',
    },
    {
      name: 'another version stage',
      objects: [deployment('web', [`${DB}::AWSPREVIOUS`])],
      permissions: [
        {
          ...allowRead(DB),
          Condition: { StringEqualsIfExists: { 'secretsmanager:VersionStage': 'AWSCURRENT' } },
        },
      ],
      says: 'no policy of the role',
    },
    {
      name: 'a tag that the secret does not have',
      permissions: [{ ...allowRead(DB), Condition: { StringEquals: { 'aws:ResourceTag/team': 'web' } } }],
      says: 'no policy of the role',
    },
  ],
  'secret-missing': [
    {
      name: 'a listing without it',
      secrets: [listed(OTHER)],
      also: ['secret-unreferenced'],
      says: 'does not exist',
    },
  ],
  'secret-deleted': [
    {
      name: 'a deletion date',
      secrets: [listed(DB, { DeletedDate: 1790000000 })],
      says: 'scheduled for deletion',
    },
  ],
  'role-missing': [{ name: 'an account without it', more: { roles: [] }, says: 'does not exist' }],
  'sign-in-not-trusted': [
    {
      name: 'another service account',
      trust: [trustIn('api')],
      also: ['trust-other-subject'],
      says: 'shop/web',
    },
    {
      name: 'a star with StringEquals, which is no pattern',
      trust: [
        trustWith({
          Condition: { StringEquals: { ...AUDIENCE, [`${ISSUER}:sub`]: 'system:serviceaccount:shop:*' } },
        }),
      ],
      also: ['trust-other-subject'],
      says: 'shop/web',
    },
    {
      name: 'a provider of another account',
      trust: [trustWith({ Principal: { Federated: `arn:aws:iam::999999999999:oidc-provider/${ISSUER}` } })],
      says: 'shop/web',
    },
  ],
  'trust-everyone': [
    {
      name: 'everyone',
      trust: [trustIn('web'), { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
      says: 'everyone',
    },
  ],
  'trust-no-subject': [
    {
      name: 'the audience alone',
      trust: [trustWith({ Condition: { StringEquals: AUDIENCE } })],
      says: ':sub',
    },
    {
      name: 'a negated condition',
      trust: [
        trustWith({ Condition: { StringEquals: AUDIENCE, StringNotEquals: { [`${ISSUER}:sub`]: 'x' } } }),
      ],
      says: ':sub',
    },
  ],
  'secret-open-to-everyone': [
    {
      name: 'a star',
      resourcePolicies: [
        { ARN: DB, ResourcePolicy: JSON.stringify(policy({ ...allowRead('*'), Principal: '*' })) },
      ],
      says: 'everyone',
    },
  ],
  'decrypt-not-granted': [
    { name: 'a customer managed key', secrets: [listed(DB, { KmsKeyId: KEY })], says: KEY },
  ],
  'granted-unused': [
    {
      name: 'one more secret',
      permissions: [allowRead(DB, OTHER)],
      secrets: [listed(DB), listed(OTHER)],
      also: ['secret-unreferenced'],
      says: '1 secret that no workload',
    },
    {
      name: 'by a tag',
      permissions: [
        {
          ...allowRead('*'),
          Condition: { StringEquals: { 'aws:ResourceTag/team': `\${aws:PrincipalTag/team}` } },
        },
      ],
      role: { Tags: [{ Key: 'team', Value: 'web' }] },
      secrets: [
        listed(DB, { Tags: [{ Key: 'team', Value: 'web' }] }),
        listed(OTHER, { Tags: [{ Key: 'team', Value: 'web' }] }),
        listed(secretArn('third-AbCdEf'), { Tags: [{ Key: 'team', Value: 'api' }] }),
      ],
      also: ['secret-unreferenced', 'wildcard-resource'],
      says: '1 secret that no workload',
    },
  ],
  'role-unused': [
    {
      name: 'a role for another pod',
      more: {
        roles: [
          iamRole(WEB, policy(trustIn('web')), [policy(allowRead(DB))]),
          iamRole(roleArn('old'), policy(trustIn('old')), [policy(allowRead(DB))]),
        ],
      },
      says: 'can read 1 secret',
    },
  ],
  'wildcard-resource': [
    { name: 'names', permissions: [allowRead(secretArn('prod/*'))], says: 'prod/*' },
    { name: 'a suffix as a star', permissions: [allowRead(secretArn('prod/db-*'))], says: 'prod/db-*' },
    { name: 'everything', permissions: [allowRead('*')], says: 'match *' },
    { name: 'all Regions', permissions: [allowRead(DB.replace('eu-west-1', '*'))], says: ':*:' },
  ],
  'wildcard-action': [
    {
      name: 'the service',
      permissions: [{ ...allowRead(DB), Action: 'secretsmanager:*' }],
      says: 'secretsmanager:*',
    },
  ],
  'allow-except': [
    {
      name: 'NotAction',
      permissions: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: DB }],
      says: 'NotAction',
    },
    {
      name: 'NotResource',
      permissions: [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', NotResource: OTHER }],
      says: 'NotResource',
    },
  ],
  'action-unneeded': [
    {
      name: 'writing',
      permissions: [
        { ...allowRead(DB), Action: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'] },
      ],
      says: 'PutSecretValue',
    },
  ],
  'role-shared': [
    {
      name: 'different secrets',
      objects: [deployment('api', [OTHER], { account: 'web' })],
      permissions: [allowRead(DB, OTHER)],
      secrets: [listed(DB), listed(OTHER)],
      says: '2 workloads with 2 different sets',
    },
  ],
  'trust-wildcard-subject': [
    {
      name: 'a namespace',
      trust: [
        trustWith({
          Condition: {
            StringEquals: AUDIENCE,
            StringLike: { [`${ISSUER}:sub`]: 'system:serviceaccount:shop:*' },
          },
        }),
      ],
      says: 'by a pattern',
    },
  ],
  'trust-no-audience': [
    { name: 'the subject alone', trust: [trustWith({ Condition: { StringEquals: SUBJECT } })], says: ':aud' },
  ],
  'trust-other-subject': [
    { name: 'one more', trust: [trustIn('web'), trustIn('api')], says: 'a service account' },
    {
      name: 'of an association',
      trust: [
        {
          ...POD_IDENTITY,
          Condition: {
            StringEquals: {
              'aws:RequestTag/kubernetes-namespace': 'shop',
              'aws:RequestTag/kubernetes-service-account': ['web', 'api'],
            },
          },
        },
      ],
      says: 'a service account',
    },
  ],
  'trust-other-cluster': [
    {
      name: 'another issuer',
      trust: [
        trustIn('web'),
        trustWith({ Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.example/other` } }),
      ],
      says: 'oidc.example/other',
    },
    {
      name: 'another EKS cluster',
      settings: { cluster: `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/prod` },
      trust: [
        trustIn('web'),
        {
          ...POD_IDENTITY,
          Condition: {
            StringEquals: {
              'aws:RequestTag/eks-cluster-arn': `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/test`,
            },
          },
        },
      ],
      says: 'cluster/test',
    },
  ],
  'trust-other-principal': [
    {
      name: 'an account',
      trust: [
        trustIn('web'),
        { Effect: 'Allow', Principal: { AWS: '444455556666' }, Action: 'sts:AssumeRole' },
      ],
      says: '444455556666',
    },
    {
      name: 'a service',
      trust: [
        trustIn('web'),
        { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
      says: 'ec2.amazonaws.com',
    },
  ],
  'trust-pod-identity-open': [{ name: 'no condition', trust: [POD_IDENTITY], says: 'every association' }],
  'secret-open-to-account': [
    {
      name: 'another account',
      resourcePolicies: [
        {
          ARN: DB,
          ResourcePolicy: JSON.stringify(
            policy({ ...allowRead('*'), Principal: { AWS: 'arn:aws:iam::444455556666:root' } }),
          ),
        },
      ],
      says: 'a principal of other accounts',
    },
    {
      name: 'an organization',
      resourcePolicies: [
        {
          ARN: DB,
          ResourcePolicy: JSON.stringify(
            policy({
              ...allowRead('*'),
              Principal: '*',
              Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
            }),
          ),
        },
      ],
      says: 'aws:PrincipalOrgID',
    },
  ],
  'rotation-overdue': [
    {
      name: 'the next date',
      secrets: [listed(DB, { NextRotationDate: '2026-11-20T00:00:00+00:00' })],
      says: '2026-11-20',
    },
    {
      name: 'seconds since 1970, as the API counts',
      secrets: [listed(DB, { NextRotationDate: 1_763_596_800 })],
      says: '2025-11-20',
    },
    {
      name: 'days after the last one',
      secrets: [
        listed(DB, {
          NextRotationDate: undefined,
          RotationRules: { AutomaticallyAfterDays: 30 },
          LastRotatedDate: '2026-10-01T00:00:00+00:00',
        }),
      ],
      says: '2026-10-31',
    },
  ],
  'version-stale': [
    { name: 'an old version', objects: [runningPod('web', DB, '0'.repeat(32))], says: '1 pod has a version' },
  ],
  'rotation-off': [
    { name: 'off', secrets: [listed(DB, { RotationEnabled: false })], says: 'rotation is off' },
  ],
  'secret-unreferenced': [
    {
      name: 'nobody',
      secrets: [listed(DB), listed(OTHER, { LastAccessedDate: '2026-01-02T00:00:00+00:00' })],
      says: 'last read on 2026-01-02',
    },
  ],
  'access-undecided': [
    {
      name: 'a condition on the network',
      permissions: [{ ...allowRead(DB), Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }],
      says: 'aws:SourceVpce',
    },
    {
      name: 'a policy that was not given',
      permissions: [allowRead(OTHER)],
      role: { AttachedManagedPolicies: [{ PolicyArn: 'arn:aws:iam::aws:policy/Unknown' }] },
      also: ['policy-undecided'],
      says: 'arn:aws:iam::aws:policy/Unknown',
    },
    {
      name: 'a resource policy that was not given',
      permissions: [allowRead(OTHER)],
      settings: { resourcePolicies: undefined },
      says: 'the resource policy of the secret',
    },
    {
      name: 'the tags of a session',
      trust: [POD_IDENTITY],
      permissions: [allowRead(secretArn(`\${aws:PrincipalTag/eks-cluster-name}/db-AbCdEf`))],
      also: ['trust-pod-identity-open'],
      says: 'the resources',
    },
  ],
  'role-unknown': [
    { name: 'no annotation', objects: [deployment('api', [DB])], says: 'not known' },
    {
      name: 'an account without policies',
      more: { roles: [] },
      settings: { iam: { roles: [], accounts: new Set() } },
      says: 'were not given',
    },
  ],
  'trust-undecided': [
    {
      name: 'a condition on the network',
      trust: [
        trustWith({ Condition: { StringEquals: { ...AUDIENCE, ...SUBJECT, 'aws:SourceVpc': 'vpc-1' } } }),
      ],
      says: 'not known',
    },
    {
      name: 'NotPrincipal',
      trust: [trustIn('web'), { Effect: 'Allow', NotPrincipal: { AWS: '1' }, Action: 'sts:AssumeRole' }],
      says: 'NotPrincipal',
    },
  ],
  'policy-undecided': [
    {
      name: 'a policy that cannot be read',
      role: { RolePolicyList: [{ PolicyName: 'broken', PolicyDocument: {} }] },
      also: ['access-undecided'],
      says: 'web/broken',
    },
    {
      name: 'a trust policy that cannot be read',
      role: { AssumeRolePolicyDocument: 'x' },
      says: 'trust policy',
    },
    {
      name: 'a resource policy that cannot be read',
      resourcePolicies: [{ ARN: DB, ResourcePolicy: '{' }],
      says: 'resource policy',
    },
  ],
  'rotation-undecided': [
    { name: 'a schedule', secrets: [listed(DB, { NextRotationDate: undefined })], says: 'no date' },
  ],
  'version-undecided': [
    {
      name: 'no versions',
      objects: [runningPod('web', DB, VERSION)],
      secrets: [listed(DB, { SecretVersionsToStages: undefined })],
      says: 'AWSCURRENT',
    },
  ],
};

it('exactly the access that is needed has no findings', () => {
  expect(auditOf(documentsOf({})).findings).toEqual([]);
  const more = { permissions: [allowRead(DB), KEY_STATEMENT], secrets: [listed(DB, { KmsKeyId: KEY })] };
  expect(auditOf(documentsOf(more)).findings).toEqual([]);
  const partial = { permissions: [allowRead(secretArn('prod/db-??????'))] };
  expect(auditOf(documentsOf(partial)).findings).toEqual([]);
  const current = { objects: [runningPod('web', DB, VERSION)] };
  expect(auditOf(documentsOf(current)).findings).toEqual([]);
});

describe('what a role can read beyond its needs', () => {
  const both = { secrets: [listed(DB), listed(OTHER)] };
  const unusedWith = (parts: Parts) =>
    auditOf(documentsOf({ ...both, ...parts })).findings.find(({ code }) => code === 'granted-unused')?.items;
  const deny = (more: object) => ({ Effect: 'Deny', Action: 'secretsmanager:*', ...more });
  const managed = (Document: object) => ({
    role: { PermissionsBoundary: { PermissionsBoundaryArn: 'arn:aws:iam::aws:policy/b' } },
    more: {
      policies: [
        { Arn: 'arn:aws:iam::aws:policy/b', PolicyVersionList: [{ IsDefaultVersion: true, Document }] },
      ],
    },
  });
  const wide = allowRead('*');

  it.each<readonly [string, Parts, readonly string[] | undefined]>([
    ['all secrets', { permissions: [wide] }, [OTHER]],
    ['a deny', { permissions: [wide, deny({ Resource: OTHER })] }, undefined],
    ['a deny of all but one', { permissions: [wide, deny({ NotResource: DB })] }, undefined],
    [
      'a deny that may not apply',
      {
        permissions: [
          wide,
          deny({ Resource: OTHER, Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } }),
        ],
      },
      [OTHER],
    ],
    ['a boundary', { permissions: [wide], ...managed(policy(allowRead(DB))) }, undefined],
    [
      'a boundary that denies',
      { permissions: [wide], ...managed(policy(wide, deny({ Resource: OTHER }))) },
      undefined,
    ],
    ['a wide boundary', { permissions: [wide], ...managed(policy(wide)) }, [OTHER]],
    [
      'all but one',
      { permissions: [{ Effect: 'Allow', Action: 'secretsmanager:*', NotResource: OTHER }] },
      undefined,
    ],
    [
      'a condition that may hold',
      { permissions: [{ ...wide, Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }] },
      [OTHER],
    ],
    [
      'a condition that does not hold',
      { permissions: [{ ...wide, Condition: { StringEquals: { 'aws:PrincipalAccount': '1' } } }] },
      undefined,
    ],
    ['another action', { permissions: [{ ...wide, Action: 'secretsmanager:DescribeSecret' }] }, undefined],
  ])('%s', (_, parts, expected) => expect(unusedWith(parts)).toEqual(expected));
});

it('what a policy allows is undecided beside one that was not read, also a permissions boundary', () => {
  const unread = 'arn:aws:iam::aws:policy/Unread';
  for (const role of [
    { AttachedManagedPolicies: [{ PolicyArn: unread }] },
    { PermissionsBoundary: { PermissionsBoundaryArn: unread } },
  ]) {
    const { findings, graph } = auditOf(documentsOf({ role }));
    expect(findings.map(({ code }) => code)).toEqual(['policy-undecided']);
    expect(graph.edges.map(([, , kind]) => kind)).toContain('undecided');
  }
});

it('a condition on the ID of the secret is decided only for complete ARNs', () => {
  const permissions = [{ ...allowRead(DB), Condition: { StringEquals: { 'secretsmanager:SecretId': DB } } }];
  const codes = (arn: string) =>
    auditOf({
      ...documentsOf({ permissions }),
      objects: [deployment('web', [arn]), serviceAccount('web', WEB)],
    }).findings.map(({ code }) => code);
  expect(codes(DB)).toEqual([]);
  expect(codes(secretArn('prod/db'))).toEqual(['access-undecided']);
});

it('many notes are counted, and displace no error', () => {
  const secrets = Array.from({ length: 3000 }, (_, index) => listed(secretArn(`a${index}-AbCdEf`)));
  const gone = listed(DB, { DeletedDate: '2026-12-01T00:00:00+00:00' });
  const { findings, counts } = auditOf(documentsOf({ secrets: [...secrets, gone] }));
  expect(findings[0]?.code).toBe('secret-deleted');
  expect([findings.length, counts.dropped]).toEqual([2001, 1000]);
});

it('what takes too much work is undecided', () => {
  const patterns = Array.from({ length: 200 }, (_, index) => secretArn(`*${index}*`));
  const inputs = inputsOf(documentsOf({ permissions: [allowRead(...patterns)] }));
  const codes = (steps?: number) => audit(inputs, steps).findings.map(({ code }) => code);
  expect(codes()).not.toContain('access-undecided');
  expect(codes(10_000)).toEqual(expect.arrayContaining(['access-undecided', 'trust-undecided']));
});

it('a role of another account that is assumed needs both trust and permission', () => {
  const options = { 'secrets-injector.dev/assume-role-arn': ASSUMED };
  const objects = [deployment('web', [FOREIGN], { annotations: options }), serviceAccount('web', WEB)];
  const assume = { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: ASSUMED };
  const trust = { Effect: 'Allow', Principal: { AWS: WEB }, Action: ['sts:AssumeRole', 'sts:TagSession'] };
  const documents = (permissions: readonly object[], trusted: readonly object[]) => ({
    objects,
    roles: [
      iamRole(WEB, policy(trustIn('web')), [policy(...permissions)]),
      iamRole(ASSUMED, policy(...trusted), [policy(allowRead(FOREIGN))]),
    ],
    secrets: [listed(FOREIGN)],
    resourcePolicies: [],
  });
  const codes = (one: Documents) => auditOf(one).findings.map(({ code }) => code);
  expect(codes(documents([assume], [trust]))).toEqual([]);
  expect(codes(documents([allowRead(DB)], [trust]))).toContain('used-not-granted');
  const other = { ...trust, Principal: { AWS: roleArn('other') } };
  expect(codes(documents([assume], [other]))).toEqual(['sign-in-not-trusted', 'trust-other-principal']);
});

describe.each(AUDIT_CODES)('%s', (code) => {
  it('has cases', () => expect(CASES[code].length).toBeGreaterThan(0));

  it.each(CASES[code])('$name', ({ also = [], says, settings, ...parts }) => {
    const { findings } = auditOf(documentsOf(parts), settings);
    const own = findings.filter((one) => one.code === code);
    expect(own.map(({ message, items }) => `${message} ${items.join(' ')}`).join('\n')).toContain(says);
    for (const other of also) expect(findings.map((one) => one.code)).toContain(other);
  });
});
