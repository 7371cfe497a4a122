/** The whole mutation: decide, then add what is missing. What an earlier pass added is found and left alone. */
import { sharedIdentity } from './aws-identity.ts';
import { decide, type Injection } from './decide.ts';
import { envFilePath, type Recipient } from './delivery.ts';
import {
  FETCHER_NAME,
  fetcherContainer,
  fetcherEnv,
  fetcherMounts,
  memoryVolume,
  NO_API,
  receiverMount,
  sessionName,
  withoutNames,
} from './injected-objects.ts';
import { field, type JsonObject, textField } from './json.ts';
import { conflict } from './ours.ts';
import { type Outcome, unchanged } from './outcome.ts';
import { PatchBuilder } from './patch.ts';
import type { Problem } from './problems.ts';
import { fetcherResources } from './resources.ts';
import { fetcherSecurityContext } from './security.ts';
import type { InjectionSettings } from './settings.ts';
import { hasShellPrefix, shellPrefix } from './shell-mode.ts';

/**
 * Decides about a pod and builds the patch.
 * @param json the pod as the API server sends it; it is not modified
 * @param context the namespace of the request, since the pod itself may not name it yet
 */
export function decideInjection(
  json: unknown,
  context: { readonly namespace: string },
  settings: InjectionSettings,
): Outcome {
  const decision = decide(json, settings);
  if (decision.kind !== 'inject') return decision;
  const patch = new PatchBuilder(json);
  const problem = addVolumes(patch, decision);
  if (problem !== undefined) return { kind: 'denied', problems: [problem] };
  addFetcher(patch, decision, context.namespace, settings);
  for (const recipient of decision.recipients) addReceiver(patch, decision, recipient);
  if (patch.operations.length === 0) return unchanged('already-injected', decision.warnings);
  return {
    kind: 'injected',
    patch: patch.operations,
    warnings: decision.warnings,
    references: decision.references,
    secrets: decision.plan.secrets.length,
    containers: decision.recipients.length,
  };
}

function addVolumes(patch: PatchBuilder, injection: Injection): Problem | undefined {
  const wanted = [
    ...injection.plan.views.map((view) => memoryVolume(view.volume, injection.volumeBytes)),
    NO_API.volume,
  ];
  for (const volume of wanted) {
    const index = injection.pod.volumes.findIndex((one) => one['name'] === volume['name']);
    const existing = injection.pod.volumes[index];
    if (existing === undefined) patch.append(['spec', 'volumes'], volume);
    else if (textField(field(existing, 'emptyDir'), 'medium') !== 'Memory') {
      return conflict(`volumes[${index}]`, 'is not a volume in memory');
    }
  }
  return undefined;
}

function addFetcher(
  patch: PatchBuilder,
  injection: Injection,
  namespace: string,
  settings: InjectionSettings,
): void {
  const { pod, plan, planText, earlier } = injection;
  const shared = sharedIdentity(pod, FETCHER_NAME);
  const mounts = fetcherMounts(plan);
  const env = fetcherEnv(
    planText,
    sessionName(namespace, textField(pod.spec, 'serviceAccountName') ?? 'default'),
    settings,
  );
  if (earlier !== undefined) {
    const path = ['spec', 'initContainers', earlier.container.index];
    const missingEnv = withoutNames([...env, ...withoutNames(shared.env, env)], earlier.container.env);
    for (const entry of missingEnv) patch.append([...path, 'env'], entry);
    for (const mount of unmounted([...mounts, ...shared.mounts], earlier.container.mounts)) {
      patch.append([...path, 'volumeMounts'], mount);
    }
    return;
  }
  const parts = {
    env,
    mounts,
    shared,
    resources: fetcherResources(pod, injection.options, injection.volumeBytes),
    securityContext: fetcherSecurityContext(injection.identity),
  };
  patch.insert(['spec', 'initContainers'], injection.fetcherIndex, fetcherContainer(parts, settings));
}

/** Mounts of a volume that is not mounted yet: where a neighbour mounted it is the neighbour's business. */
function unmounted(mounts: readonly JsonObject[], existing: readonly JsonObject[]): readonly JsonObject[] {
  const paths = new Set(existing.map((mount) => mount['mountPath']));
  return mounts.filter((mount) => !paths.has(mount['mountPath']));
}

function addReceiver(patch: PatchBuilder, injection: Injection, recipient: Recipient): void {
  const { container, envMode } = recipient;
  const inserted =
    container.list === 'initContainers' &&
    injection.earlier === undefined &&
    container.index >= injection.fetcherIndex
      ? 1
      : 0;
  const path = ['spec', container.list, container.index + inserted];
  for (const view of injection.plan.views) {
    const mounted = container.mounts.some((mount) => mount['name'] === view.volume);
    if (!mounted)
      patch.append([...path, 'volumeMounts'], receiverMount(view.volume, injection.options.mountPath));
  }
  const envFile = envFilePath(injection.options);
  if (envMode === 'shell' && !hasShellPrefix(container, envFile)) {
    for (const [index, element] of shellPrefix(envFile).entries())
      patch.insert([...path, 'command'], index, element);
  }
}
