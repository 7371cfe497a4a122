/** An outage of the Region of a secret: the pod starts with the value of the replica, and says so. */
import { describe, expect, it } from 'vitest';
import { checksum, pod, printFile, shell } from '../pods.ts';
import { arnOf, canary } from '../secrets.ts';
import type { Stage } from '../stage.ts';

export function failover(stage: () => Stage): void {
  describe.concurrent('failover', () => {
    it('the Region of the secret is down: the pod starts with the replica, and its files say which', async () => {
      const name = await stage().namespace();
      const arn = arnOf(`${name}-replicated`);
      const value = canary();
      stage().aws.putSecret({ arn, value: canary() });
      stage().aws.putSecret({ arn: arn.replace('eu-west-1', 'us-east-1'), value });
      stage().aws.script('GetSecretValue', {
        kind: 'unavailableHtml',
        secretId: arn,
        region: 'eu-west-1',
        times: 'forever',
      });
      const form = [{ secret: arn, failover: ['us-east-1'], files: { value: {} } }];
      await stage().mustCreate(
        pod(name, {
          annotations: {
            // JSON is YAML.
            'secrets-injector.dev/secrets': JSON.stringify(form),
            'secrets-injector.dev/manifest-file': 'true',
            'secrets-injector.dev/fetch-timeout': '10s',
          },
          containers: [
            shell(
              'app',
              printFile('/run/secrets/aws/value'),
              'grep -o "\\"region\\": *\\"[a-z0-9-]*\\"" /run/secrets/aws/.manifest.json',
            ),
          ],
        }),
      );
      const [sum, region = ''] = await stage().outputOf(name, 'app');
      expect(sum).toBe(checksum(value));
      expect(region.replace(/\s/g, '')).toBe('"region":"us-east-1"');
      const described = await stage().kubectl(`--namespace=${name}`, 'describe', 'pod', 'app');
      expect(described).toContain('replicas in us-east-1, because of eu-west-1: HTTP 503');
    });
  });
}
