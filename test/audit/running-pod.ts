/** A pod of a cluster, injected, with the record of versions that its fetcher wrote. */
import jsonPatch from 'fast-json-patch';
import { FETCHER_NAME } from '../../src/core/additions/injected-objects.ts';
import { decideInjection } from '../../src/core/inject.ts';
import { formatVersions } from '../../src/core/plan/versions.ts';

/** A pod of the Deployment `shop/<workload>` that has a version of a secret. @param image of the webhook that injected it */
export function runningPod(
  workload: string,
  secret: string,
  id: string,
  image = 'registry.example/aws-secrets-injector:1',
): object {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${workload}-abc12-x`,
      namespace: 'shop',
      annotations: { 'secrets-injector.dev/file.f0': secret },
      labels: { 'pod-template-hash': 'abc12' },
      ownerReferences: [{ kind: 'ReplicaSet', name: `${workload}-abc12`, controller: true }],
    },
    spec: { serviceAccountName: workload, containers: [{ name: 'app', image: 'app' }] },
  };
  const outcome = decideInjection(pod, { namespace: 'shop' }, { image });
  if (outcome.kind !== 'injected') throw new TypeError(outcome.kind);
  const { newDocument } = jsonPatch.applyPatch(pod, [...outcome.patch], false, false);
  const message = formatVersions([{ id }], 4096);
  const status = { terminated: { exitCode: 0, message } };
  return {
    ...newDocument,
    status: { phase: 'Running', initContainerStatuses: [{ name: FETCHER_NAME, state: status }] },
  };
}
