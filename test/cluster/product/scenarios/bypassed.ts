/** The guard: whatever happens to the webhook or to its work, an asking pod starts with its secrets or not at all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { MIRROR, PRODUCT_NAMESPACE } from '../install.ts';
import { pod } from '../pods.ts';
import { putJsonSecret } from '../secrets.ts';
import type { KubernetesObject, Stage } from '../stage.ts';

const CONFIGURATION = 'mutatingwebhookconfiguration/aws-secrets-injector';

type Json = Record<string, unknown>;

interface PodSpec {
  readonly initContainers: {
    name: string;
    image: string;
    command: string[];
    env: Json[];
    volumeMounts: Json[];
  }[];
  readonly containers: { name: string; command: string[]; volumeMounts: Json[] }[];
  volumes: { name: string; emptyDir?: Json }[];
}

export function bypassed(stage: () => Stage): void {
  describe('the webhook bypassed', () => {
    let namespace = '';
    let asking: KubernetesObject;
    let injected: { metadata: Json; spec: PodSpec };
    let registration = '';

    beforeAll(async () => {
      namespace = await stage().namespace();
      const db = putJsonSecret(stage().aws, `${namespace}-guard`);
      asking = pod(namespace, {
        annotations: {
          'secrets-injector.dev/file.value': db.arn,
          'secrets-injector.dev/env.DB_USER': `${db.arn}:user`,
          'secrets-injector.dev/containers': 'app,prepare',
        },
        initContainers: [{ name: 'prepare', command: ['sh', '-c', 'true'] }],
        containers: [
          { name: 'app', command: ['sh', '-c', 'true'] },
          { name: 'other', command: ['sh', '-c', 'true'] },
        ],
      });
      const { stdout } = await stage().create(asking, '--dry-run=server', '--output=json');
      injected = JSON.parse(stdout) as typeof injected;
      registration = await stage().kubectl('get', CONFIGURATION, '--output=json');
      await stage().kubectl('delete', CONFIGURATION);
      await until('the API server to forget the webhook', { seconds: 60 }, async () => {
        const { stderr } = await stage().create(asking, '--dry-run=server');
        return stderr.includes('was not injected') ? true : undefined;
      });
    });

    afterAll(async () => {
      const { metadata, ...rest } = JSON.parse(registration) as KubernetesObject;
      const { name, labels } = metadata;
      await stage().mustCreate({ ...rest, metadata: { name, labels } } as KubernetesObject);
      await until('the API server to know the webhook', { seconds: 60 }, async () => {
        const { status } = await stage().create(asking, '--dry-run=server');
        return status === 0 ? true : undefined;
      });
    });

    it('its configuration deleted: refused, and told where to look', async () => {
      const { status, stderr } = await stage().create(asking);
      expect(status).toBe(1);
      expect(stderr).toContain('kubectl get mutatingwebhookconfiguration aws-secrets-injector');
    });

    it('a pod that is restored with its whole injection is let through', async () => {
      const { status, stderr } = await stage().create(
        altered(injected, () => {}),
        '--dry-run=server',
      );
      expect([status, stderr]).toEqual([0, '']);
    });

    it.each<[string, (spec: PodSpec) => void, string]>([
      [
        'another image',
        (spec) => set(fetcher(spec), 'image', 'evil.example/aws-secrets-injector:1'),
        'has the image evil.example/',
      ],
      [
        'an image whose name only begins alike',
        (spec) => set(fetcher(spec), 'image', 'localhost/aws-secrets-injector-not:1'),
        'has the image localhost/aws-secrets-injector-not:1',
      ],
      [
        'another command',
        (spec) => set(fetcher(spec), 'command', ['sh']),
        'its command or its plan was changed',
      ],
      [
        'arguments',
        (spec) => set(fetcher(spec), 'args', ['--version']),
        'its command or its plan was changed',
      ],
      ['no plan', (spec) => set(fetcher(spec), 'env', []), 'its command or its plan was changed'],
      [
        'two plans',
        (spec) => fetcher(spec).env.push({ name: 'SECRETS_INJECTOR_PLAN', value: '{}' }),
        'its command or its plan was changed',
      ],
      [
        'a plan without the variable',
        (spec) => replan(spec, '"DB_USER"', '"DB_OTHER"'),
        'secrets-injector.dev/env.DB_USER is not part of',
      ],
      [
        'a plan without the file',
        (spec) => replan(spec, '"path":"value"', '"path":"other"'),
        'secrets-injector.dev/file.value is not part of',
      ],
      ['a volume on disk', (spec) => set(volume(spec), 'emptyDir', {}), 'is not an emptyDir in memory'],
      [
        'a volume on the host',
        (spec) => {
          set(volume(spec), 'emptyDir', undefined);
          set(volume(spec), 'hostPath', { path: '/tmp' });
        },
        'is not an emptyDir in memory',
      ],
      [
        'the volume not mounted in the fetcher',
        (spec) => unmount(fetcher(spec), 'aws-secrets'),
        'is not mounted in aws-secrets-fetch',
      ],
      [
        'the API token in the fetcher',
        (spec) => unmount(fetcher(spec), 'aws-secrets-no-api'),
        'keeps the API token out',
      ],
      [
        'a receiver without mount',
        (spec) => unmount(container(spec, 'app'), 'aws-secrets'),
        'does not mount their volume read-only',
      ],
      [
        'a receiver that could write',
        (spec) => {
          for (const mount of container(spec, 'app').volumeMounts) delete mount['readOnly'];
        },
        'does not mount their volume read-only',
      ],
      [
        'a mount in another container',
        (spec) =>
          container(spec, 'other').volumeMounts.push({
            name: 'aws-secrets',
            mountPath: '/x',
            readOnly: true,
          }),
        'mounts the volume of secrets that it does not receive',
      ],
      [
        'a command without the shell',
        (spec) => set(container(spec, 'app'), 'command', ['sh', '-c', 'true']),
        'no longer starts with it',
      ],
      [
        'an init container moved before the fetcher',
        (spec) => spec.initContainers.reverse(),
        'stands before aws-secrets-fetch',
      ],
    ])('an injection with %s is refused', async (_what, change, message) => {
      const { status, stderr } = await stage().create(altered(injected, change), '--dry-run=server');
      expect(stderr).toContain(message);
      expect(status).toBe(1);
    });

    it('failurePolicy Ignore and nobody there: refused by the guard', async () => {
      const { metadata, ...rest } = JSON.parse(registration) as KubernetesObject & { webhooks: Json[] };
      const webhooks = rest.webhooks.map((webhook) => ({
        ...webhook,
        failurePolicy: 'Ignore',
        timeoutSeconds: 1,
        clientConfig: { url: 'https://127.0.0.1:1/mutate' },
      }));
      await stage().mustCreate({
        ...rest,
        webhooks,
        metadata: { name: metadata['name'] },
      } as unknown as KubernetesObject);
      await until('the API server to ask nobody', { seconds: 60 }, async () => {
        const { stderr } = await stage().create(asking, '--dry-run=server');
        return stderr.includes('Failed calling webhook') || stderr.includes('was not injected')
          ? true
          : undefined;
      });
      const { stderr, status } = await stage().create(asking);
      await stage().kubectl('delete', CONFIGURATION);
      expect(stderr).toContain('the init container aws-secrets-fetch was not injected');
      expect(status).toBe(1);
    });

    it('the image check accepts a mirror that the operator lists', async () => {
      const mirrored = altered(injected, (spec) =>
        set(fetcher(spec), 'image', 'mirror.example/x/aws-secrets-injector:2'),
      );
      const before = `other.example/y ${MIRROR}`;
      const patch = (mirrors: string): Promise<string> =>
        stage().kubectl(
          `--namespace=${PRODUCT_NAMESPACE}`,
          'patch',
          'configmap',
          'aws-secrets-injector-guard',
          '--type=merge',
          `--patch=${JSON.stringify({ data: { mirrors } })}`,
        );
      await patch(`${before} mirror.example/x/aws-secrets-injector`);
      await until('the guard to know the mirror', { seconds: 30 }, async () => {
        const { status } = await stage().create(mirrored, '--dry-run=server');
        return status === 0 ? true : undefined;
      });
      await patch(before);
    });
  });
}

function altered(
  injected: { metadata: Json; spec: PodSpec },
  change: (spec: PodSpec) => void,
): KubernetesObject {
  const { metadata, spec } = structuredClone(injected);
  change(spec);
  const { name, namespace, annotations } = metadata;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations }, spec };
}

function fetcher(spec: PodSpec): PodSpec['initContainers'][number] {
  return found(spec.initContainers, 'aws-secrets-fetch');
}

function container(spec: PodSpec, name: string): PodSpec['containers'][number] {
  return found(spec.containers, name);
}

function volume(spec: PodSpec): PodSpec['volumes'][number] {
  return found(spec.volumes, 'aws-secrets');
}

function found<T extends { name: string }>(list: readonly T[], name: string): T {
  const one = list.find((each) => each.name === name);
  if (one === undefined) throw new Error(`the injected pod has no ${name}`);
  return one;
}

function set(object: object, field: string, value: unknown): void {
  Object.assign(object, { [field]: value });
}

function unmount(from: { volumeMounts: Json[] }, name: string): void {
  from.volumeMounts = from.volumeMounts.filter((mount) => mount['name'] !== name);
}

function replan(spec: PodSpec, text: string, replacement: string): void {
  for (const entry of fetcher(spec).env)
    if (entry['name'] === 'SECRETS_INJECTOR_PLAN')
      entry['value'] = String(entry['value']).replace(text, replacement);
}
