/** The volumes on the node, and which containers can read them. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { pod, shell } from '../pods.ts';
import { TEST_NODE } from '../product-image.ts';
import { putJsonSecret } from '../secrets.ts';
import type { Stage } from '../stage.ts';

export function volumes(stage: () => Stage): void {
  describe.concurrent('the volume', () => {
    it('is in memory, has a size limit, is never swapped, and is mounted only in the named containers', async () => {
      const name = await stage().namespace();
      const db = putJsonSecret(stage().aws, `${name}-volume`);
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/file.value': db.arn,
            'secrets-injector.dev/env.DB_USER': `${db.arn}:user`,
            'secrets-injector.dev/containers': 'app',
            'secrets-injector.dev/env-mode': 'shell',
          },
          containers: [shell('app', 'sleep 600'), shell('other', 'sleep 600')],
          spec: { securityContext: { runAsUser: 1234, runAsGroup: 1234, runAsNonRoot: true } },
        }),
      );
      await stage().waitFor(name, 'pod/app', '{.status.phase}', 'Running');
      const { node } = stage().cluster.facts;
      const { metadata } = await stage().get<{ metadata: { uid: string } }>(name, 'pod', 'app');
      const folder = path.join(
        node?.kubeletRoot ?? '',
        'pods',
        metadata.uid,
        'volumes/kubernetes.io~empty-dir/aws-secrets',
      );
      const mount = readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .find((line) => line.split(' ')[1] === folder);
      expect(mount).toMatch(/^tmpfs \S+ tmpfs \S*size=\d+k/);
      expect(mount).toContain('noswap');
      for (const file of ['value', 'env']) {
        const { mode, uid, gid } = statSync(path.join(folder, file));
        expect([file, (mode & 0o777).toString(8), uid, gid]).toEqual([file, '400', 1234, 1234]);
      }
      const inside = async (container: string, ...command: readonly string[]): Promise<number | null> => {
        const exec = [`--namespace=${name}`, 'exec', 'app', `--container=${container}`, '--', ...command];
        return (await stage().cluster.kubectl(exec)).status;
      };
      expect(await inside('app', 'cat', '/run/secrets/aws/value')).toBe(0);
      expect(await inside('app', 'touch', '/run/secrets/aws/new')).not.toBe(0);
      expect(await inside('app', 'sh', '-c', 'echo x > /run/secrets/aws/value')).not.toBe(0);
      expect(await inside('app', 'rm', '/run/secrets/aws/value')).not.toBe(0);
      expect(await inside('other', 'test', '-e', '/run/secrets/aws')).not.toBe(0);
    });

    it('the fetcher has no API token, and the application keeps its token', async () => {
      const name = await stage().namespace();
      const token = '/var/run/secrets/kubernetes.io/serviceaccount/token';
      const arn = `arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/${name}-AbCdEf`;
      stage().aws.script('GetSecretValue', { kind: 'slow', ms: 20_000, secretId: arn });
      stage().aws.putSecret({ arn, value: 'x' });
      await stage().mustCreate(
        pod(name, {
          annotations: { 'secrets-injector.dev/file.value': arn },
          containers: [shell('app', `test -s ${token} && echo present`)],
        }),
      );
      // The files of the fetcher while it waits for AWS.
      const listed = await until('the fetcher to run', { seconds: 60 }, async () => {
        const { stdout, status } = await stage().cluster.kubectl([
          `--namespace=${name}`,
          'exec',
          'app',
          '--container=aws-secrets-fetch',
          '--',
          TEST_NODE,
          '--print',
          `require('node:fs').readdirSync('${path.dirname(token)}').length`,
        ]);
        return status === 0 ? stdout.trim() : undefined;
      });
      expect(listed).toBe('0');
      expect(await stage().outputOf(name, 'app')).toEqual(['present']);
    });
  });
}
