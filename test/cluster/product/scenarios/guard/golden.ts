/** The guard accepts what the webhook writes: every golden case that is injected, and is a pod that Kubernetes takes. */
import { expect, it } from 'vitest';
import { goldenCases } from '../../../../golden/cases.ts';
import { hasFileKeys, wantedKubernetes } from '../../../toolchain/versions.ts';
import { injectedPod } from '../../injected.ts';
import type { Stage } from '../../stage.ts';

interface GoldenPod {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

export function guardedGolden(stage: () => Stage): void {
  it('golden cases are let through', async () => {
    const namespace = await stage().namespace();
    // Whose images come from a mirror that this cluster's operator does not list is refused, as it should be.
    const cases = goldenCases().filter(({ settings }) => settings.imageMirrors === undefined);
    const items = cases.flatMap(({ name, pod, settings }) => {
      const injected = injectedPod(pod as GoldenPod, namespace, settings);
      if (injected === undefined || (!hasFileKeys(wantedKubernetes()) && isNative(injected))) return [];
      const { annotations } = injected.metadata;
      // Accounts of their own would have to be there.
      const spec = { ...injected.spec, serviceAccountName: 'default', serviceAccount: undefined };
      return [{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations }, spec }];
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
