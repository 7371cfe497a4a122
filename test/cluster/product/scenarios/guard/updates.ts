/** Updates of pods that exist: the guard checks what an update can change. The policies warn. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import { type Api, NAMESPACE_LABEL } from '../../api.ts';
import { NATIVE_FORBIDDEN } from '../../guard.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';

const IMAGE = 'instead of the injector image';
const USES = 'an ephemeral container uses a secrets volume';
const NATIVE = 'native variables from AWS secrets are not allowed here';

type Json = Readonly<Record<string, unknown>>;

const fileKey = (volumeName: string): Json => ({
  env: [{ name: 'X', valueFrom: { fileKeyRef: { volumeName, path: 'env', key: 'DB_USER' } } }],
});
const mount = (name: string, more: Json = {}): Json => ({
  volumeMounts: [{ name, mountPath: '/x', ...more }],
});

export function guardedUpdates(api: () => Api): void {
  const native = hasFileKeys(wantedKubernetes());
  describe('updates', () => {
    let namespace = '';
    beforeAll(async () => {
      namespace = await api().namespace();
      const asking = (name: string) =>
        pod(namespace, {
          name,
          annotations: {
            'secrets-injector.dev/file.value': arnOf('guard'),
            'secrets-injector.dev/role-arn': 'arn:aws:iam::111122223333:role/shop',
          },
          containers: [{ name: 'app', command: ['sh', '-c', 'true'] }],
          spec: { volumes: [{ name: 'own', emptyDir: {} }] },
          identity: false,
        });
      const injected = injectedPod(asking('injected'), namespace, {});
      if (injected === undefined) throw new Error('nothing was injected');
      await api().mustCreate(injected);
      // A pod from before the guard: another image, and no faithful injection.
      const text = JSON.stringify(injected).replaceAll(
        'localhost/aws-secrets-injector',
        'elsewhere.example/injector',
      );
      const early = JSON.parse(text.replace('"name":"injected"', '"name":"early"')) as typeof injected;
      await api().mustCreate({ ...early, metadata: { ...early.metadata, finalizers: ['example.com/x'] } });
    });

    async function update(...args: readonly string[]): Promise<string> {
      const { status, stderr } = await api().cluster.kubectl([
        `--namespace=${namespace}`,
        ...args,
        '--dry-run=server',
      ]);
      expect([stderr, status]).toEqual([expect.any(String), 0]);
      return stderr;
    }

    it.each([
      'evil.example/x:1',
      'localhost/aws-secrets-injector:5000/other',
      'localhost/aws-secrets-injector-not:1',
    ])('the image %s of an injected container: a warning', async (image) => {
      expect(await update('set', 'image', 'pod/injected', `aws-secrets-fetch=${image}`)).toContain(IMAGE);
      expect(await update('set', 'image', 'pod/early', `aws-secrets-fetch=${image}`)).toContain(IMAGE);
    });

    it.each<[what: string, args: readonly string[]]>([
      [
        'another release',
        ['set', 'image', 'pod/injected', 'aws-secrets-fetch=localhost/aws-secrets-injector:2'],
      ],
      ['the image of the application', ['set', 'image', 'pod/injected', 'app=shop/app:2']],
      ['a label', ['label', 'pod/early', 'a=b']],
      ['an annotation', ['annotate', 'pod/early', 'a=b']],
      [
        'the annotations that requested secrets',
        ['annotate', 'pod/early', 'secrets-injector.dev/file.value-'],
      ],
      ['finalizers', ['patch', 'pod/early', '--type=merge', '--patch={"metadata":{"finalizers":null}}']],
      ['the image of another container', ['set', 'image', 'pod/early', 'app=shop/app:2']],
      [
        'tolerations',
        [
          'patch',
          'pod/early',
          '--type=json',
          '--patch=[{"op":"add","path":"/spec/tolerations/-","value":{"key":"x","operator":"Exists"}}]',
        ],
      ],
    ])('%s: no warning', async (_what, args) => {
      expect(await update(...args)).not.toContain('ValidatingAdmissionPolicy');
    });

    const debug = async (name: string, container: Json): Promise<string> => {
      const added = { name: 'debugger', image: 'busybox', targetContainerName: 'app', ...container };
      const patch = JSON.stringify({ spec: { ephemeralContainers: [added] } });
      return await update('patch', `pod/${name}`, '--subresource=ephemeralcontainers', `--patch=${patch}`);
    };

    it.each<[what: string, container: Json]>([
      ['a mount of a view', mount('aws-secrets')],
      ['a mount of the token for role-arn', mount('aws-secrets-token')],
      ...(native ? [['a variable of a view', fileKey('aws-secrets')] satisfies [string, Json]] : []),
    ])('an ephemeral container with %s: a warning', async (_what, container) => {
      expect(await debug('injected', container)).toContain(USES);
      expect(await debug('early', container)).toContain(USES);
    });

    it.each<[what: string, container: Json]>([
      ['nothing', {}],
      ['another volume', mount('own')],
      ['a variable', { env: [{ name: 'X', value: 'x' }] }],
      ...(native ? [['a variable from another volume', fileKey('own')] satisfies [string, Json]] : []),
    ])('an ephemeral container with %s: no warning', async (_what, container) => {
      expect(await debug('injected', container)).not.toContain('ValidatingAdmissionPolicy');
      expect(await debug('early', container)).not.toContain('ValidatingAdmissionPolicy');
    });

    it.runIf(native)('a native variable where they are forbidden: a warning', async () => {
      const forbidden = await api().namespace({ [NAMESPACE_LABEL]: 'enabled', ...NATIVE_FORBIDDEN });
      const named = (name: string, container: Json) =>
        pod(forbidden, {
          name,
          containers: [{ name: 'app', ...container }],
          spec: { volumes: ['own', 'aws-secrets'].map((one) => ({ name: one, emptyDir: {} })) },
          identity: false,
        });
      const { stderr } = await api().create(named('early', fileKey('aws-secrets')));
      expect(stderr).toContain(NATIVE);
      // The pod exists, because the policy only warns: a debugger that is harmless can be added.
      for (const [volume, isForbidden] of [
        ['aws-secrets', true],
        ['own', false],
      ] as const) {
        const patch = {
          spec: { ephemeralContainers: [{ name: 'debugger', image: 'x', ...fileKey(volume) }] },
        };
        const added = await api().cluster.kubectl([
          `--namespace=${forbidden}`,
          'patch',
          'pod/early',
          '--subresource=ephemeralcontainers',
          `--patch=${JSON.stringify(patch)}`,
          '--dry-run=server',
        ]);
        expect(added.stderr.includes(NATIVE)).toBe(isForbidden);
      }
    });
  });
}
