/** The versions that a pod was started with, as its fetcher reported them in the termination message. */
import { FETCHER_NAME } from '../additions/injected-objects.ts';
import { asArray, field, textField } from '../json.ts';
import { PLAN_VARIABLE, type PlanSecret } from '../plan/plan.ts';
import { readPlan } from '../plan/read-plan.ts';
import { type VersionMap, versionKey } from '../plan/version-map.ts';
import { parseVersions } from '../plan/versions.ts';

/** @returns undefined for a pod that is being deleted, or has no record, such as one that has not fetched yet */
export function versionsOfPod(pod: unknown): VersionMap | undefined {
  const delivered = deliveredTo(pod);
  return delivered === undefined
    ? undefined
    : new Map(delivered.map(({ secret, id }) => [versionKey(secret) ?? secret.arn, id]));
}

/** The same without secrets whose version ID is in the reference: a later version of them is no news for the pod. */
export function followedVersionsOfPod(pod: unknown): VersionMap | undefined {
  const delivered = deliveredTo(pod);
  if (delivered === undefined) return undefined;
  const versions = new Map<string, string>();
  for (const { secret, id } of delivered) {
    const key = versionKey(secret);
    if (key !== undefined) versions.set(key, id);
  }
  return versions;
}

interface Delivered {
  readonly secret: PlanSecret;
  /** Of the version. */
  readonly id: string;
}

function deliveredTo(pod: unknown): readonly Delivered[] | undefined {
  if (field(field(pod, 'metadata'), 'deletionTimestamp') !== undefined) return undefined;
  const fetcher = named(field(field(pod, 'spec'), 'initContainers'), FETCHER_NAME);
  const text = textField(named(field(fetcher, 'env'), PLAN_VARIABLE), 'value');
  const plan = readPlan(text);
  const status = named(field(field(pod, 'status'), 'initContainerStatuses'), FETCHER_NAME);
  const message = textField(field(field(status, 'state'), 'terminated'), 'message');
  const record = message === undefined ? undefined : parseVersions(message);
  if (!plan.ok || record === undefined) return undefined;
  return plan.value.plan.secrets.flatMap((secret, index) => {
    const version = record.versions.get(index);
    return version === undefined || version === 'absent' ? [] : [{ secret, id: version.id }];
  });
}

function named(list: unknown, name: string): unknown {
  return asArray(list)?.find((one) => textField(one, 'name') === name);
}

/** The workload that a pod belongs to, as `nameOf` writes it. A ReplicaSet is named after its owner. */
export function workloadOfPod(pod: unknown): string | undefined {
  const metadata = field(pod, 'metadata');
  const owner = asArray(field(metadata, 'ownerReferences'))?.find((one) => field(one, 'controller') === true);
  const [kind, name] = [textField(owner, 'kind'), textField(owner, 'name')];
  const namespace = textField(metadata, 'namespace') ?? '';
  if (kind === 'StatefulSet' || kind === 'DaemonSet') return `${kind} ${namespace}/${name ?? ''}`;
  if (kind !== 'ReplicaSet' || name === undefined) return undefined;
  const labels = field(metadata, 'labels');
  const deployment = textField(labels, 'pod-template-hash');
  const rollout = textField(labels, 'rollouts-pod-template-hash');
  const hash = rollout ?? deployment;
  if (hash === undefined || !name.endsWith(`-${hash}`)) return undefined;
  const owned = name.slice(0, -hash.length - 1);
  return `${rollout === undefined ? 'Deployment' : 'Rollout'} ${namespace}/${owned}`;
}
