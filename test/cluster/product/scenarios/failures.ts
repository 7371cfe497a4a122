/** A pod whose secrets are unavailable does not start, shows the reason in its description, and recovers by itself. */
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { checksum, pod, printFile, shell } from '../pods.ts';
import { canary, putJsonSecret } from '../secrets.ts';
import { ROLE, type Stage } from '../stage.ts';

const SECRETS = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret';

export function failures(stage: () => Stage): void {
  describe.concurrent('a pod whose secrets are unavailable', () => {
    it('a missing secret: the pod starts after the secret is created', async () => {
      const name = await stage().namespace();
      const arn = `${SECRETS}:shop/${name}-missing-AbCdEf`;
      const described = await failing(stage(), name, arn, 'SECRET_NOT_FOUND');
      expect(described).toContain('Exit Code:    12');
      expect(described).toContain('secrets-injector.dev/file.value');
      const value = canary();
      stage().aws.putSecret({ arn, value });
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(value)]);
    });

    it('access denied: the message names the missing action, and the pod starts after the role has it', async () => {
      const name = await stage().namespace();
      const role = `arn:aws:iam::111122223333:role/${name}`;
      const { arn, text } = putJsonSecret(stage().aws, `${name}-denied`);
      const subjects = [`system:serviceaccount:${name}:default`];
      stage().aws.putRole({ arn: role, subjects, allow: [] });
      const described = await failing(stage(), name, arn, 'ACCESS_DENIED', role);
      expect(described).toContain('Exit Code:    11');
      expect(described).toContain('secretsmanager:GetSecretValue');
      stage().aws.putRole({ arn: role, subjects, allow: [arn] });
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text)]);
    });

    it('a rejected token: the pod starts after the trust policy of the role allows it', async () => {
      const name = await stage().namespace();
      const role = `arn:aws:iam::111122223333:role/${name}`;
      const { arn, text } = putJsonSecret(stage().aws, `${name}-trust`);
      stage().aws.putRole({ arn: role, subjects: ['system:serviceaccount:another:default'], allow: [arn] });
      const described = await failing(stage(), name, arn, 'IDENTITY_REFUSED', role);
      expect(described).toContain('Exit Code:    10');
      stage().aws.putRole({ arn: role, subjects: [`system:serviceaccount:${name}:default`], allow: [arn] });
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text)]);
    });

    it('no identity: the pod fails with IDENTITY_MISSING', async () => {
      const name = await stage().namespace();
      const { arn } = putJsonSecret(stage().aws, `${name}-identity`);
      const described = await failing(stage(), name, arn, 'IDENTITY_MISSING', undefined);
      expect(described).toContain('Exit Code:    10');
    });

    it('AWS unavailable: exit code 13 at the deadline, and the pod starts after AWS is available again', async () => {
      const name = await stage().namespace();
      const { arn, text } = putJsonSecret(stage().aws, `${name}-down`);
      const back = new AbortController();
      stage().aws.script('GetSecretValue', {
        kind: 'unavailableHtml',
        secretId: arn,
        times: 'forever',
        until: back.signal,
      });
      const described = await failing(stage(), name, arn, 'AWS_UNAVAILABLE');
      expect(described).toContain('Exit Code:    13');
      back.abort();
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(text)]);
    });
  });
}

/** Creates a pod and waits until its description shows the code. @returns the description */
async function failing(
  stage: Stage,
  namespace: string,
  arn: string,
  code: string,
  role: string | undefined = ROLE,
): Promise<string> {
  const asking = pod(namespace, {
    annotations: { 'secrets-injector.dev/file.value': arn, 'secrets-injector.dev/fetch-timeout': '5s' },
    containers: [shell('app', printFile('/run/secrets/aws/value'))],
    identity: code !== 'IDENTITY_MISSING',
    spec: { restartPolicy: 'OnFailure' },
  });
  await stage.mustCreate(JSON.parse(JSON.stringify(asking).replaceAll(ROLE, role)) as typeof asking);
  return await until(`${code} in the description of the pod`, { seconds: 120 }, async () => {
    const described = await stage.kubectl(`--namespace=${namespace}`, 'describe', 'pod', 'app');
    return described.includes(code) ? described : undefined;
  });
}
