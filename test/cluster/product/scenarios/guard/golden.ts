/** The guard admits what the webhook writes: every injected golden case that is a valid pod for Kubernetes. */
import { expect, it } from 'vitest';
import { goldenCases } from '../../../../golden/cases.ts';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';

interface GoldenPod {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

export function guardedGolden(stage: () => Api): void {
  it('golden cases are admitted', async () => {
    const namespace = await stage().namespace();
    // The guard rejects images from a mirror that is not listed in this cluster, as it should.
    const cases = goldenCases().filter(({ settings }) => settings.imageMirrors === undefined);
    const items = cases.flatMap(({ name, pod, settings }) => {
      // Other service accounts would have to exist.
      const { metadata, spec: asking } = pod as GoldenPod;
      const account = { serviceAccountName: 'default', serviceAccount: undefined };
      const injected = injectedPod({ metadata, spec: { ...asking, ...account } }, namespace, settings);
      if (injected === undefined || (!hasFileKeys(wantedKubernetes()) && isNative(injected))) return [];
      const { annotations } = injected.metadata;
      return [
        { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations }, spec: injected.spec },
      ];
    });
    const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items };
    const { stdout, stderr } = await stage().create(
      list,
      '--dry-run=server',
      '--output=name',
      '--validate=false',
    );
    const refused = stderr.split('\n').filter((line) => line !== '');
    expect(refused.filter((line) => !line.includes(' is invalid: '))).toEqual([]);
    expect(stdout.trim().split('\n').length + refused.length).toBe(items.length);
    expect(refused.length).toBeLessThan(items.length / 10);
  });
}

function isNative(pod: GoldenPod): boolean {
  return JSON.stringify(pod.spec).includes('"fileKeyRef"');
}
