import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleCli, type Finished, runCli } from './program.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const ROLE = 'arn:aws:iam::111122223333:role/shop';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE';

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-iam-policy-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

function iamPolicy(args: readonly string[], input = ''): Promise<Finished> {
  return runCli(cli, ['iam-policy', ...args], input);
}

interface PodOptions {
  readonly arn?: string;
  readonly account?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function pod({ arn = ARN, account = 'web', annotations = {} }: PodOptions = {}): string {
  const all = { 'file.db': arn, ...annotations };
  const keys = Object.entries(all).map(([key, value]) => [`secrets-injector.dev/${key}`, value]);
  return JSON.stringify({
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', annotations: Object.fromEntries(keys) },
    spec: { serviceAccountName: account, containers: [{ name: 'app', image: 'app' }] },
  });
}

function serviceAccount(role: string): string {
  return JSON.stringify({
    kind: 'ServiceAccount',
    metadata: { name: 'web', namespace: 'shop', annotations: { 'eks.amazonaws.com/role-arn': role } },
  });
}

const stream = (...documents: readonly string[]) => documents.join('\n---\n');

/** The policy that allows to read one secret. */
const READ = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: ARN }],
};

async function printed(
  args: readonly string[],
  input: string,
): Promise<Record<string, Record<string, unknown>>> {
  const { code, stdout, stderr } = await iamPolicy(args, input);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, Record<string, unknown>>;
}

describe('sources', () => {
  it('reads standard input, and prints the policy alone', async () => {
    expect(await printed([], pod())).toEqual(READ);
  });

  it('finds the pods of workloads', async () => {
    const template = {
      metadata: { annotations: { 'secrets-injector.dev/file.db': ARN } },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    };
    const cronJob = {
      kind: 'CronJob',
      metadata: { name: 'j' },
      spec: { jobTemplate: { spec: { template } } },
    };
    const list = { kind: 'List', items: [{ kind: 'Deployment', spec: { template } }, cronJob] };
    const policies = await printed(
      ['--namespace', 'jobs', '--role', `jobs/default=${ROLE}`],
      JSON.stringify(list),
    );
    expect(policies).toEqual(READ);
  });

  it('prints the same for pods that are injected already', async () => {
    const input = pod({ annotations: { 'role-arn': ROLE } });
    const rendered = await runCli(cli, ['render'], input);
    expect(rendered.stdout).toContain('aws-secrets-fetch');
    expect(await printed([], rendered.stdout)).toEqual(READ);
  });

  it('reads folders in order, other files never, and links to folders once', async () => {
    const top = path.join(folder, 'tree');
    mkdirSync(path.join(top, 'b/c'), { recursive: true });
    writeFileSync(path.join(top, 'b/pod.yaml'), pod());
    writeFileSync(path.join(top, 'b/c/pod.json'), pod({ arn: ARN.replace('db-', 'c-') }));
    writeFileSync(path.join(top, 'a.yml'), pod({ arn: ARN.replace('db-', 'a-') }));
    writeFileSync(path.join(top, 'b/notes.txt'), 'not YAML: [');
    symlinkSync('..', path.join(top, 'b/up'));
    const { Statement } = await printed(['-f', top], '');
    expect(Statement).toEqual([
      { ...READ.Statement[0], Resource: [ARN.replace('db-', 'a-'), ARN.replace('db-', 'c-'), ARN] },
    ]);
  });

  it('says that kustomize and helm may change the files of a folder', async () => {
    for (const [marker, command] of [
      ['kustomization.yaml', 'kustomize build'],
      ['Chart.yaml', 'helm template'],
    ] as const) {
      const at = path.join(folder, marker.toLowerCase().replace('.', '-'));
      mkdirSync(at);
      writeFileSync(path.join(at, marker), 'name: x\n');
      writeFileSync(path.join(at, 'pod.yaml'), pod());
      const { code, stderr } = await iamPolicy(['-f', at]);
      expect(code).toBe(0);
      expect(stderr).toContain(`if "${command} ${at}" changes them`);
    }
  });

  it.each([
    [
      'a file that does not exist',
      ['-f', '/nonexistent/pod.yaml'],
      '',
      '/nonexistent/pod.yaml: cannot be read (ENOENT)',
    ],
    ['a template of helm', [], 'kind: Pod\nmetadata: {{ .x }}: [\n', 'standard input:'],
    ['no pod that requests a secret', [], 'kind: ConfigMap\n', 'no pod in these manifests requests a secret'],
    ['an invalid service account', [], pod({ account: '*' }), '"*" is not a valid name of a service account'],
  ])('ends with 1 for %s', async (_name, args, input, message) => {
    const { code, stdout, stderr } = await iamPolicy(args, input);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });

  it('prints nothing if one pod would be denied, and every problem', async () => {
    const denied = pod({ annotations: { 'file.x': 'arn:bad', 'env-mode': 'x' } });
    const { code, stdout, stderr } = await iamPolicy([], stream(pod(), denied));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^iam-policy: standard input: Pod\/shop\/web: ARN_INVALID /m);
    expect(stderr).toMatch(/^iam-policy: standard input: Pod\/shop\/web: OPTION_INVALID /m);
  });

  it('denies what the operator does not allow', async () => {
    const annotations = { 'role-arn': ROLE };
    const { code, stderr } = await iamPolicy(['--allowed-roles', `shop=${ROLE}-other`], pod({ annotations }));
    expect(code).toBe(1);
    expect(stderr).toContain('ROLE_NOT_ALLOWED');
  });

  it('allows DescribeSecret for pods with refresh, unless the operator looks with GetSecretValue', async () => {
    const input = pod({ annotations: { refresh: '5m' } });
    const describe = { ...READ.Statement[0], Action: 'secretsmanager:DescribeSecret' };
    expect(await printed([], input)).toEqual({ ...READ, Statement: [...READ.Statement, describe] });
    expect(await printed(['--refresh-check', 'value'], input)).toEqual(READ);
  });

  it('warns about annotations in the wrong place', async () => {
    const misplaced = JSON.stringify({
      kind: 'Deployment',
      metadata: { annotations: { 'secrets-injector.dev/file.x': ARN } },
    });
    const { code, stderr } = await iamPolicy([], stream(pod(), misplaced));
    expect(code).toBe(0);
    expect(stderr).toContain('warning: standard input: Deployment/default/*: metadata.annotations');
  });
});

describe('identities', () => {
  const other = ARN.replace('db-', 'other-');
  it.each([
    [
      'the annotation of the pod',
      [],
      stream(pod({ annotations: { 'role-arn': ROLE } }), serviceAccount(`${ROLE}-sa`)),
      ROLE,
    ],
    ['the ServiceAccount', [], stream(pod(), serviceAccount(ROLE)), ROLE],
    ['a flag', ['--role', `shop/web=${ROLE}`], stream(pod(), serviceAccount(`${ROLE}-sa`)), ROLE],
    ['the service account', [], pod(), 'shop/web'],
  ])('takes it from %s', async (_name, args, input, key) => {
    const second = pod({ arn: other, account: 'second' });
    expect(Object.keys(await printed(args, stream(input, second)))).toEqual([key, 'shop/second'].sort());
  });

  it('reads the ServiceAccount in another file', async () => {
    const [a, b] = [path.join(folder, 'a.json'), path.join(folder, 'b.json')];
    writeFileSync(a, stream(pod(), pod({ arn: other, account: 'second' })));
    writeFileSync(b, serviceAccount(ROLE));
    expect(Object.keys(await printed(['-f', a, '-f', b], ''))).toEqual([ROLE, 'shop/second']);
  });

  it('uses the older field serviceAccount, and else the default one', async () => {
    const older = pod().replace('serviceAccountName', 'serviceAccount');
    const none = pod({ arn: other }).replace('"serviceAccountName":"web",', '');
    expect(Object.keys(await printed([], stream(older, none)))).toEqual(['shop/default', 'shop/web']);
  });

  it('gives the permissions to the assumed role, and tells whose role is missing', async () => {
    const assumed = 'arn:aws:iam::444455556666:role/reader';
    const annotations = { 'assume-role-arn': assumed, 'external-id': 'id-1' };
    const input = pod({ arn: ARN.replace('111122223333', '444455556666'), annotations });
    const args = ['--account', '111122223333'];
    const { code, stdout, stderr } = await iamPolicy(args, input);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      [assumed]: {
        permissionPolicies: [
          {
            Version: '2012-10-17',
            Statement: [{ ...READ.Statement[0], Resource: ARN.replace('111122223333', '444455556666') }],
          },
        ],
      },
      'shop/web': {
        permissionPolicies: [
          {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: assumed }],
          },
        ],
      },
    });
    expect(stderr).toContain(
      `note: the trust policy of ${assumed} must name the role of service account shop/web`,
    );
    const complete = await printed([...args, '--role', `shop/web=${ROLE}`], input);
    expect(complete[assumed]?.['trustPolicy']).toMatchObject({
      Statement: [
        { Principal: { AWS: ROLE }, Condition: { StringEquals: { 'sts:ExternalId': 'id-1' } } },
        { Action: 'sts:TagSession' },
      ],
    });
  });

  it('asks for the account of a role that is not known, if secrets are in several', async () => {
    const input = stream(pod(), pod({ arn: ARN.replace('111122223333', '444455556666') }));
    const { code, stdout, stderr } = await iamPolicy([], input);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('shop/web: the account of its role is not known');
    const found = await iamPolicy(['--account', '111122223333'], input);
    expect(found.code).toBe(0);
    expect(found.stderr).toContain(
      'note: the resource policy of arn:aws:secretsmanager:eu-west-1:444455556666:secret:db-AbCdEf must name the role',
    );
  });
});

describe('trust', () => {
  const trusted = async (args: readonly string[], input: string) =>
    (await printed(args, input))[ROLE]?.['trustPolicy'] as {
      readonly Statement: readonly Record<string, unknown>[];
    };
  const two = stream(
    pod({ annotations: { 'role-arn': ROLE } }),
    pod({ account: 'api', annotations: { 'role-arn': ROLE } }),
  );

  it('lists the service accounts of one role', async () => {
    const { Statement } = await trusted(['--trust', 'irsa', '--issuer', `${ISSUER}/`], two);
    const host = ISSUER.slice('https://'.length);
    expect(Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${host}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${host}:aud`]: 'sts.amazonaws.com',
            [`${host}:sub`]: ['system:serviceaccount:shop:api', 'system:serviceaccount:shop:web'],
          },
        },
      },
    ]);
  });

  it('accepts another audience for IRSA, not for the tokens of role-arn', async () => {
    const args = ['--role', `shop/job=${ROLE}`, '--trust', 'irsa', '--issuer', ISSUER, '--audience', 'shop'];
    const { Statement } = await trusted(args, stream(two, pod({ account: 'job' })));
    const host = ISSUER.slice('https://'.length);
    const subject = (name: string) => `system:serviceaccount:shop:${name}`;
    expect(Statement.map((one) => one['Condition'])).toEqual([
      {
        StringEquals: {
          [`${host}:aud`]: 'sts.amazonaws.com',
          [`${host}:sub`]: [subject('api'), subject('web')],
        },
      },
      { StringEquals: { [`${host}:aud`]: 'shop', [`${host}:sub`]: subject('job') } },
    ]);
  });

  it('takes the audience of the tokens of role-arn from the setting of the webhook', async () => {
    const args = ['--trust', 'pod-identity', '--issuer', ISSUER, '--role-token-audience', 'a$b'];
    const { Statement } = await trusted(args, two);
    const expected = { [`${ISSUER.slice('https://'.length)}:aud`]: 'a$' + '{$}b' };
    expect(Statement).toMatchObject([{ Condition: { StringEquals: expected } }]);
  });

  it('takes the provider of the account of the role only', async () => {
    const provider = (account: string) =>
      `arn:aws:iam::${account}:oidc-provider/${ISSUER.slice('https://'.length)}`;
    expect(
      (await trusted(['--trust', 'irsa', '--issuer', provider('111122223333')], two)).Statement,
    ).toHaveLength(1);
    const { code, stderr } = await iamPolicy(['--trust', 'irsa', '--issuer', provider('444455556666')], two);
    expect(code).toBe(1);
    expect(stderr).toContain('the OIDC provider of --issuer is in account 444455556666');
  });

  it('trusts pairs of namespace and name with EKS Pod Identity', async () => {
    const elsewhere = pod({ account: 'job' }).replaceAll('"shop"', '"batch"');
    const flags = ['shop/web', 'shop/api', 'batch/job'].flatMap((one) => ['--role', `${one}=${ROLE}`]);
    const input = stream(pod(), pod({ account: 'api' }), elsewhere);
    const { Statement } = await trusted(['--trust', 'pod-identity', ...flags], input);
    const namespaces = Statement.map((one) => one['Condition']);
    expect(namespaces).toEqual([
      {
        StringEquals: {
          'aws:RequestTag/kubernetes-namespace': 'batch',
          'aws:RequestTag/kubernetes-service-account': 'job',
        },
      },
      {
        StringEquals: {
          'aws:RequestTag/kubernetes-namespace': 'shop',
          'aws:RequestTag/kubernetes-service-account': ['api', 'web'],
        },
      },
    ]);
    const open = await trusted(['--trust', 'pod-identity', '--disable-session-tags', ...flags], input);
    expect(open.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    ]);
  });

  it('needs an issuer for pods with role-arn, also with EKS Pod Identity', async () => {
    const { code, stderr } = await iamPolicy(['--trust', 'pod-identity'], two);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `${ROLE}: the annotation role-arn, which uses web identity tokens, needs the issuer`,
    );
    const { Statement } = await trusted(['--trust', 'pod-identity', '--issuer', ISSUER], two);
    expect(Statement).toMatchObject([{ Action: 'sts:AssumeRoleWithWebIdentity' }]);
  });
});

describe('quotas', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      pod({ arn: `${ARN.slice(0, -9)}${'x'.repeat(100)}/${index}-AbCdEf` }),
    );

  it('splits a policy, and says so', async () => {
    const { code, stdout, stderr } = await iamPolicy([], stream(...many(40)));
    expect(code).toBe(0);
    const policies = (JSON.parse(stdout) as Record<string, { permissionPolicies: object[] }>)['shop/web']
      ?.permissionPolicies;
    expect(policies).toHaveLength(2);
    expect(stderr).toMatch(
      /^note: shop\/web: split into 2 policies, because a managed policy may have 6,144 characters without white space \(together \d,\d{3}; inline policies of a role may have 10,240\)$/m,
    );
    expect(stderr).not.toContain('a role can have 10 managed policies');
  });

  it('reports more policies than a role can have', async () => {
    const { stderr } = await iamPolicy([], stream(...many(450)));
    expect(stderr).toMatch(/split into 1\d policies.*more than the 10,240 of a role's inline policies/);
    expect(stderr).toContain('note: shop/web: a role can have 10 managed policies by default');
  });

  it('reports a trust policy that is too large', async () => {
    const pods = Array.from({ length: 60 }, (_, index) =>
      pod({ account: `account-${index}`, annotations: { 'role-arn': ROLE } }),
    );
    const { code, stderr } = await iamPolicy(['--trust', 'irsa', '--issuer', ISSUER], stream(...pods));
    expect(code).toBe(0);
    expect(stderr).toMatch(/trust policy has \d,\d{3} characters; a role may have 2,048 by default/);
  });
});

describe('other accounts', () => {
  const foreign = ARN.replace('111122223333', '444455556666');
  const args = ['--role', `shop/web=${ROLE}`];

  it('prints no other half for secrets of the same account', async () => {
    const policies = await printed(['--role', `shop/web=${ROLE}`, '--kms-key', KEY], pod());
    expect(policies['Statement']).toHaveLength(2);
  });

  it('reports a partial ARN, and a key that is missing', async () => {
    const { stderr } = await iamPolicy(args, pod({ arn: foreign.slice(0, -7) }));
    expect(stderr).toContain(`${foreign.slice(0, -7)} is a secret of another account and has no suffix`);
    expect(stderr).toContain(
      'secrets of account 444455556666 can be read from account 111122223333 only if they are encrypted with a customer managed key',
    );
  });

  it('prints a template for one account, and says which there are', async () => {
    const template = ['--format', 'cloudformation'];
    const without = await iamPolicy([...args, ...template], pod({ arn: foreign }));
    expect([without.code, without.stdout]).toEqual([1, '']);
    expect(without.stderr).toContain('set --template-account to 111122223333 or 444455556666');
    const wrong = await iamPolicy(
      [...args, ...template, '--template-account', '777788889999'],
      pod({ arn: foreign }),
    );
    expect(wrong.stderr).toContain('nothing belongs to account 777788889999');
    const { code, stdout, stderr } = await iamPolicy(
      [
        ...args,
        ...template,
        '--template-account',
        '444455556666',
        '--kms-key',
        KEY.replace('111122223333', '444455556666'),
      ],
      pod({ arn: foreign }),
    );
    expect(code).toBe(0);
    expect(stdout).toContain('AWS::SecretsManager::ResourcePolicy');
    expect(stdout).not.toContain('AWS::IAM::');
    expect(stderr).toContain('its key policy needs a statement, which a template cannot add');
  });
});

it.each([
  [['--kms-key', 'arn:aws:kms:eu-west-1:111122223333:alias/x'], 'policies cannot name the alias of a key'],
  [['--trust', 'irsa'], '--trust irsa: requires --issuer'],
  [['--issuer', ISSUER], '--issuer: applies only with --trust'],
  [['--issuer', 'http://oidc.example'], '"http://oidc.example" is not accepted'],
  [
    ['--cluster', 'arn:aws:eks:eu-west-1:111122223333:cluster/prod'],
    '--cluster: applies only with --trust pod-identity',
  ],
  [['--role', `shop/web=${ROLE}`, '--role', `shop/web=${ROLE}x`], '--role: shop/web is set more than once'],
  [['--role', 'shop/web=x'], '"shop/web=x" is not accepted'],
  [['--template-account', '111122223333'], '--template-account: applies only with --format'],
])('ends with 2 for %j', async (args, message) => {
  const { code, stdout, stderr } = await iamPolicy(args, pod());
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

it('ends with 1 for a key of a Region without secrets', async () => {
  const { code, stderr } = await iamPolicy(['--kms-key', KEY.replaceAll('eu-west-1', 'us-east-1')], pod());
  expect(code).toBe(1);
  expect(stderr).toContain('no pod reads a secret in Region us-east-1');
});
