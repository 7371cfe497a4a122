/** Every kind of workload receives its secrets, as the output of the application shows. */
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { checksum, pod, podTemplate, printFile, printVariable, shell } from '../pods.ts';
import { nativeCanary, putJsonSecret } from '../secrets.ts';
import type { KubernetesObject, Stage } from '../stage.ts';

const READS = shell('app', printVariable('DB_USER'), printFile('/run/secrets/aws/db.json'));

interface PodList {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

export function workloads(stage: () => Stage): void {
  describe.concurrent('workloads', () => {
    it.each([
      ['Job', (template: object) => ({ template, backoffLimit: 0 })],
      ['CronJob', (template: object) => ({ schedule: '* * * * *', jobTemplate: { spec: { template } } })],
    ] as const)('%s', async (kind, specOf) => {
      const { name, expected, template } = await prepare(stage(), kind.toLowerCase());
      await stage().mustCreate({
        apiVersion: 'batch/v1',
        kind,
        metadata: { namespace: name, name: 'work' },
        spec: specOf(template),
      });
      const podName = await onlyPod(stage(), name);
      expect(await stage().outputOf(name, podName)).toEqual(expected);
    });

    it.each([
      ['Deployment', {}],
      ['StatefulSet', { serviceName: 'work' }],
      ['DaemonSet', {}],
    ])('%s', async (kind, more) => {
      const { name, expected, template } = await prepare(stage(), kind.toLowerCase(), 'sleep 600');
      const running = { ...template, spec: { ...template.spec, restartPolicy: 'Always' } };
      await stage().mustCreate({
        apiVersion: 'apps/v1',
        kind,
        metadata: { namespace: name, name: 'work' },
        spec: { selector: { matchLabels: { app: 'app' } }, template: running, ...more },
      });
      const podName = await onlyPod(stage(), name);
      await stage().waitFor(name, `pod/${podName}`, '{.status.phase}', 'Running');
      const logs = await until('its output', { seconds: 30 }, async () => {
        const lines = await stage().logs(name, podName);
        return lines.length === expected.length ? lines : undefined;
      });
      expect(logs).toEqual(expected);
    });

    it('a bare pod with several containers, init containers, and no API token', async () => {
      const name = await stage().namespace();
      const db = putJsonSecret(stage().aws, name);
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/secret.db': db.arn,
            'secrets-injector.dev/env.DB_PASSWORD': 'db:password',
            'secrets-injector.dev/file.whole': 'db',
            'secrets-injector.dev/file-from.parts': 'db',
            'secrets-injector.dev/containers': 'app,worker,prepare',
            'secrets-injector.dev/env-mode': 'shell',
          },
          initContainers: [
            shell('prepare', printVariable('DB_PASSWORD')),
            shell('other', 'test ! -e /run/secrets/aws && test -z "$DB_PASSWORD" && echo none'),
          ],
          containers: [
            shell('app', printFile('/run/secrets/aws/whole')),
            shell('worker', printFile('/run/secrets/aws/parts/user')),
            shell('bystander', 'test ! -e /run/secrets/aws && echo none'),
          ],
          spec: { automountServiceAccountToken: false },
        }),
      );
      await stage().waitFor(name, 'pod/app', '{.status.phase}', 'Succeeded');
      expect(await stage().logs(name, 'app', 'app')).toEqual([checksum(db.text)]);
      expect(await stage().logs(name, 'app', 'worker')).toEqual([checksum(db.user)]);
      expect(await stage().logs(name, 'app', 'prepare')).toEqual([checksum(db.password)]);
      expect(await stage().logs(name, 'app', 'other')).toEqual(['none']);
      expect(await stage().logs(name, 'app', 'bystander')).toEqual(['none']);
    });

    it('a pod with a generated name', async () => {
      const { name, expected, template } = await prepare(stage(), 'generated');
      const object: KubernetesObject = {
        apiVersion: 'v1',
        kind: 'Pod',
        ...template,
        metadata: { ...template.metadata, namespace: name, generateName: 'work-' },
      };
      await stage().mustCreate(object);
      expect(await stage().outputOf(name, await onlyPod(stage(), name))).toEqual(expected);
    });

    it('the application receives its signals and unchanged arguments, and its exit code is kept', async () => {
      const name = await stage().namespace();
      const db = putJsonSecret(stage().aws, name);
      const args = ['a b', '$HOME', '"', "'", '`x`', '\\', '*', ''];
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/env.DB_USER': `${db.arn}:user`,
            'secrets-injector.dev/env-mode': 'shell',
          },
          containers: [
            {
              name: 'app',
              command: [
                'sh',
                '-c',
                'printf "[%s]" "$@"; echo; trap "exit 7" TERM; while :; do sleep 0.1; done',
                'sh',
              ],
              args,
            },
          ],
          spec: { terminationGracePeriodSeconds: 30 },
        }),
      );
      await stage().waitFor(name, 'pod/app', '{.status.phase}', 'Running');
      await until('its arguments', { seconds: 30 }, async () => {
        const [line] = await stage().logs(name, 'app');
        return line === args.map((arg) => `[${arg}]`).join('') ? true : undefined;
      });
      // Process 1 is the application itself: otherwise a shell would receive the signal.
      await stage().kubectl(
        `--namespace=${name}`,
        'exec',
        'app',
        '--container=app',
        '--',
        'kill',
        '-TERM',
        '1',
      );
      await stage().waitFor(name, 'pod/app', '{.status.containerStatuses[0].state.terminated.exitCode}', '7');
    });
  });
}

async function prepare(
  stage: Stage,
  id: string,
  ...more: readonly string[]
): Promise<{ name: string; expected: readonly string[]; template: ReturnType<typeof podTemplate> }> {
  const name = await stage.namespace();
  // Without env-mode, as most users do: native if the cluster supports it, else shell.
  const db = putJsonSecret(stage.aws, `${name}-${id}`, nativeCanary);
  const [program = '', flag = '', script = ''] = READS.command ?? [];
  const template = podTemplate({
    annotations: {
      'secrets-injector.dev/env.DB_USER': `${db.arn}:user`,
      'secrets-injector.dev/file.db.json': db.arn,
    },
    containers: [{ name: 'app', command: [program, flag, [script, ...more].join('\n')] }],
  });
  return { name, expected: [checksum(db.user), checksum(db.text)], template };
}

async function onlyPod(stage: Stage, namespace: string): Promise<string> {
  return await until(`a pod in ${namespace}`, { seconds: 90 }, async () => {
    const { items } = await stage.get<PodList>(namespace, 'pods');
    return items[0]?.metadata.name;
  });
}
