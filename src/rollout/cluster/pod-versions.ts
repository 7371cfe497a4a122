/** The versions that a pod was started with, as its fetcher reported them in the termination message. */
import { FETCHER_NAME } from '../../core/additions/injected-objects.ts';
import { asArray, field, textField } from '../../core/json.ts';
import { PLAN_VARIABLE } from '../../core/plan/plan.ts';
import { readPlan } from '../../core/plan/read-plan.ts';
import { type VersionMap, versionKey } from '../../core/plan/version-map.ts';
import { parseVersions } from '../../core/plan/versions.ts';

/** @returns undefined for a pod that is being deleted, or has no record, such as one that has not fetched yet */
export function versionsOfPod(pod: unknown): VersionMap | undefined {
  if (field(field(pod, 'metadata'), 'deletionTimestamp') !== undefined) return undefined;
  const fetcher = named(field(field(pod, 'spec'), 'initContainers'), FETCHER_NAME);
  const text = textField(named(field(fetcher, 'env'), PLAN_VARIABLE), 'value');
  const plan = readPlan(text);
  const status = named(field(field(pod, 'status'), 'initContainerStatuses'), FETCHER_NAME);
  const message = textField(field(field(status, 'state'), 'terminated'), 'message');
  const record = message === undefined ? undefined : parseVersions(message);
  if (!plan.ok || record === undefined) return undefined;
  const versions = new Map<string, string>();
  for (const [index, secret] of plan.value.plan.secrets.entries()) {
    const version = record.versions.get(index);
    const key = versionKey(secret) ?? secret.arn;
    if (version !== undefined && version !== 'absent') versions.set(key, version.id);
  }
  return versions;
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
