/**
 * A role for the secrets alone: `role-arn` without Amazon's webhook, and `assume-role-arn` with a role, a secret and a key
 * of another account. kubelet writes the token, and the AWS fake verifies it with the keys of the API server.
 */
import { describe, expect, it } from 'vitest';
import type { StandInRequest } from '../../../aws-fake/index.ts';
import { until } from '../../until.ts';
import { type Container, checksum, pod, printFile, shell } from '../pods.ts';
import { canary, putJsonSecret } from '../secrets.ts';
import { type KubernetesObject, ROLE, type Stage } from '../stage.ts';

const OWNER = '444455556666';
const FILE = '/run/secrets/aws/value';

/** Prints the secret, and then everything of an AWS identity that a process could find. */
const LOOKS: Container = shell(
  'app',
  printFile(FILE),
  'echo "variables: $(env | cut -d= -f1 | grep -c -E "^(AWS|SECRETS_INJECTOR)_" || true)"',
  'echo "tokens: $(find /var/run/secrets /run/secrets -name "*token*" ! -path "*kubernetes.io*" 2>/dev/null | wc -l)"',
);
const NO_IDENTITY = ['variables: 0', 'tokens: 0'];

interface PodSpec {
  readonly containers: readonly { readonly volumeMounts?: readonly { readonly name: string }[] }[];
  readonly volumes: readonly { readonly name: string; readonly projected?: unknown }[];
}

export function roles(stage: () => Stage): void {
  describe.concurrent('a role for the secrets alone', () => {
    it('role-arn: the fetcher has the role, and the application has no AWS identity', async () => {
      const name = await stage().namespace();
      const { arn, text } = putJsonSecret(stage().aws, `${name}-own-role`);
      const role = putRole(stage(), name, [arn]);
      await stage().mustCreate(asking(name, { 'role-arn': role, 'file.value': arn }));
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text), ...NO_IDENTITY]);
      expect(signIns(stage(), role)).toMatchObject([
        { operation: 'AssumeRoleWithWebIdentity', sessionName: `${name}.default`, status: 200 },
      ]);
      const { spec } = await stage().get<{ readonly spec: PodSpec }>(name, 'pod', 'app');
      const mounted = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((one) => one.name));
      expect(mounted).not.toContain('aws-secrets-token');
      expect(spec.volumes.find((one) => one.name === 'aws-secrets-token')).toMatchObject({
        projected: {
          sources: [
            {
              serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 3600, path: 'token' },
            },
          ],
        },
      });
    });

    it('role-arn: a service account without an API token works as well', async () => {
      const name = await stage().namespace();
      const { arn, text } = putJsonSecret(stage().aws, `${name}-no-api`);
      const role = putRole(stage(), name, [arn]);
      await stage().mustCreate(
        asking(
          name,
          { 'role-arn': role, 'file.value': arn },
          { automountServiceAccountToken: false, securityContext: { runAsUser: 10_001, fsGroup: 2000 } },
        ),
      );
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text), ...NO_IDENTITY]);
    });

    it('a role that does not trust the service account: the pod shows the statement, and starts with it', async () => {
      const name = await stage().namespace();
      const { arn, text } = putJsonSecret(stage().aws, `${name}-untrusted`);
      const role = `arn:aws:iam::111122223333:role/${name}`;
      stage().aws.putRole({ arn: role, subjects: ['system:serviceaccount:another:default'], allow: [arn] });
      await stage().mustCreate(
        asking(
          name,
          { 'role-arn': role, 'file.value': arn, 'fetch-timeout': '10s' },
          { restartPolicy: 'OnFailure' },
        ),
      );
      const described = await describedWith(stage(), name, 'IDENTITY_REFUSED');
      const issuer = stage().aws.issuer.replace(/^https:\/\//, '');
      expect(described.replace(/\s+/g, ' ')).toContain(
        `"Condition":{"StringEquals":{"${issuer}:aud":"sts.amazonaws.com","${issuer}:sub":"system:serviceaccount:${name}:default"}}`,
      );
      putRole(stage(), name, [arn]);
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text), ...NO_IDENTITY]);
    });

    it('assume-role-arn: a secret and a key of another account, with session tags', async () => {
      const name = await stage().namespace();
      const { arn, text, reader } = putForeignSecret(stage(), name);
      const first = `arn:aws:iam::111122223333:role/${name}`;
      stage().aws.putRole({
        arn: first,
        subjects: [`system:serviceaccount:${name}:default`],
        allow: [],
        mayAssume: [reader],
      });
      await stage().mustCreate(
        asking(name, {
          'role-arn': first,
          'assume-role-arn': reader,
          'external-id': `contract-${name}`,
          'file.value': arn,
        }),
      );
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text), ...NO_IDENTITY]);
      expect(signIns(stage(), reader)).toMatchObject([
        {
          operation: 'AssumeRole',
          externalId: `contract-${name}`,
          sessionName: `${name}.default`,
          tags: {
            'kubernetes-namespace': name,
            'kubernetes-service-account': 'default',
            'kubernetes-pod-name': 'app',
          },
          status: 200,
        },
      ]);
    });

    it('assume-role-arn over the identity of the pod (IRSA)', async () => {
      const name = await stage().namespace();
      const { arn, text, reader } = putForeignSecret(stage(), name, ROLE);
      const own = pod(name, {
        annotations: annotations({
          'assume-role-arn': reader,
          'external-id': `contract-${name}`,
          'file.value': arn,
        }),
        containers: [shell('app', printFile(FILE))],
      });
      await stage().mustCreate(own);
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text)]);
    });

    it.each([
      [
        'a role that is not an ARN',
        { 'role-arn': 'shop-secrets' },
        /OPTION_INVALID secrets-injector\.dev\/role-arn/,
      ],
      [
        'a role of another partition',
        { 'role-arn': 'arn:aws-cn:iam::111122223333:role/shop' },
        /ARN_PARTITION_MISMATCH secrets-injector\.dev\/role-arn/,
      ],
      [
        'an external ID without a role',
        { 'external-id': 'contract' },
        /OPTION_CONFLICT secrets-injector\.dev\/external-id/,
      ],
    ])('%s is rejected', async (_, options, says) => {
      const name = await stage().namespace();
      const { arn } = putJsonSecret(stage().aws, `${name}-rejected`);
      const outcome = await stage().create(asking(name, { ...options, 'file.value': arn }));
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toMatch(says);
    });

    it('no other container can mount the token', async () => {
      const name = await stage().namespace();
      const { arn } = putJsonSecret(stage().aws, `${name}-stolen`);
      const role = putRole(stage(), name, [arn]);
      const thief = { ...LOOKS, volumeMounts: [{ name: 'aws-secrets-token', mountPath: '/token' }] };
      const outcome = await stage().create(
        asking(name, { 'role-arn': role, 'file.value': arn }, { volumes: [TOKEN_VOLUME] }, thief),
      );
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toContain('aws-secrets-token');
    });
  });
}

const TOKEN_VOLUME = {
  name: 'aws-secrets-token',
  projected: {
    sources: [
      { serviceAccountToken: { audience: 'sts.amazonaws.com', expirationSeconds: 3600, path: 'token' } },
    ],
  },
};

/** A pod without an identity of its own: no webhook of Amazon runs in this cluster. */
function asking(
  namespace: string,
  options: Readonly<Record<string, string>>,
  spec: Readonly<Record<string, unknown>> = {},
  container: Container = LOOKS,
): KubernetesObject {
  return pod(namespace, {
    annotations: annotations(options),
    containers: [container],
    identity: false,
    spec,
  });
}

function annotations(options: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [`secrets-injector.dev/${key}`, value]),
  );
}

/** Adds a role that trusts the default service account of a namespace. @returns its ARN */
function putRole(stage: Stage, namespace: string, allow: readonly string[]): string {
  const arn = `arn:aws:iam::111122223333:role/${namespace}`;
  stage.aws.putRole({ arn, subjects: [`system:serviceaccount:${namespace}:default`], allow });
  return arn;
}

/** Adds a secret of another account, and a role of it that reads it. */
function putForeignSecret(
  stage: Stage,
  namespace: string,
  trusted = `arn:aws:iam::111122223333:role/${namespace}`,
): { readonly arn: string; readonly text: string; readonly reader: string } {
  const arn = `arn:aws:secretsmanager:eu-west-1:${OWNER}:secret:shop/${namespace}-AbCdEf`;
  const text = canary();
  const reader = `arn:aws:iam::${OWNER}:role/team/${namespace}`;
  stage.aws.putSecret({ arn, value: text, keySharedWith: [] });
  stage.aws.putRole({
    arn: reader,
    subjects: [],
    trustedRoles: [trusted],
    externalId: `contract-${namespace}`,
    allow: [arn],
  });
  // The common role of the other scenarios may assume it, too.
  if (trusted === ROLE) {
    stage.aws.putRole({
      arn: ROLE,
      subjects: ['system:serviceaccount:shop-*:*'],
      allow: ['arn:aws:secretsmanager:*:111122223333:secret:shop/*'],
      mayAssume: [reader],
    });
  }
  return { arn, text, reader };
}

function signIns(stage: Stage, role: string): readonly StandInRequest[] {
  return stage.aws.requests.filter(
    ({ operation, roleArn }) => roleArn === role && operation?.startsWith('AssumeRole') === true,
  );
}

async function describedWith(stage: Stage, namespace: string, code: string): Promise<string> {
  return await until(`${code} in the description of the pod`, { seconds: 120 }, async () => {
    const described = await stage.kubectl(`--namespace=${namespace}`, 'describe', 'pod', 'app');
    return described.includes(code) ? described : undefined;
  });
}
