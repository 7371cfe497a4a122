/** The whole mutation: decide, then add what is missing. Objects that an earlier pass added are left alone. */
import { NO_IDENTITY, sharedIdentity } from './additions/aws-identity.ts';
import {
  accountOf,
  checkContainer,
  checkEnv,
  FETCHER_NAME,
  type FetcherParts,
  fetcherContainer,
  fetcherEnv,
  fetcherMounts,
  memoryVolume,
  NO_API,
  probeReference,
  receiverMount,
  securityContext,
  withoutNames,
} from './additions/injected-objects.ts';
import { addNativeVariables, isDamaged } from './additions/native-variables.ts';
import { PatchBuilder } from './additions/patch.ts';
import { injectedResources, viewBytes } from './additions/resources.ts';
import { roleTokenVolume } from './additions/role-token.ts';
import { prefixedCommand, shellPrefix } from './additions/shell-mode.ts';
import { sidecarFields } from './additions/sidecar.ts';
import { decide, type Injection } from './decide/decide.ts';
import { type DeliveredView, envFilePath, mountsView, type Recipient } from './decide/delivery.ts';
import { roomFor } from './decide/manifest-file.ts';
import { type Outcome, unchanged } from './decide/outcome.ts';
import { volumeBytes } from './decide/pod-problems.ts';
import { HARDENED } from './decide/weaker-security.ts';
import { asObject, type JsonObject, textField } from './json.ts';
import { comparablePath } from './names/paths.ts';
import { TRACEPARENT_VARIABLE } from './names/trace-variables.ts';
import { PROBE_VARIABLE } from './names/volume-layout.ts';
import type { Container } from './pod/pod.ts';
import type { InjectionSettings } from './settings.ts';
import { utf8Length } from './utf8.ts';

/** What a decision depends on besides the pod and the settings. */
export interface InjectionContext {
  /** Of the request, because the pod may not name it yet. */
  readonly namespace: string;
  /** The trace that the fetcher continues. A pod that was injected before keeps the one that it has. */
  readonly traceparent?: string | undefined;
}

/**
 * Decides about a pod and builds the patch.
 * @param json the pod as the API server sends it; it is not modified
 */
export function decideInjection(
  json: unknown,
  context: InjectionContext,
  settings: InjectionSettings,
): Outcome {
  const decision = decide(json, context.namespace, settings);
  if (decision.kind !== 'inject') return decision;
  const patch = new PatchBuilder(json);
  addVolumes(patch, decision, settings);
  const inserted = addInitContainers(patch, decision, context, settings);
  for (const view of decision.views) {
    for (const recipient of view.recipients) addReceiver(patch, decision, { view, recipient, inserted });
  }
  if (patch.operations.length === 0) return unchanged('already-injected', decision.warnings);
  return {
    kind: 'injected',
    patch: patch.operations,
    warnings: decision.warnings,
    references: decision.references,
    secrets: decision.made.plan.secrets.length,
    containers: decision.views.reduce((sum, view) => sum + view.recipients.length, 0),
    planBytes: utf8Length(decision.made.text),
  };
}

/** Adds the missing volumes. Other volumes with these names have been rejected before. */
function addVolumes(
  patch: PatchBuilder,
  { pod, views, options }: Injection,
  settings: InjectionSettings,
): void {
  const wanted = [
    ...views.map(({ volume, contents }) => memoryVolume(volume, viewBytes(roomFor(contents, options)))),
    NO_API.volume,
    ...(options.roleArn === undefined ? [] : [roleTokenVolume(settings)]),
  ];
  for (const volume of withoutNames(wanted, pod.volumes)) patch.append(['spec', 'volumes'], volume);
}

/** @returns the number of inserted containers */
function addInitContainers(
  patch: PatchBuilder,
  injection: Injection,
  { namespace, traceparent }: InjectionContext,
  settings: InjectionSettings,
): number {
  const { pod, made, options, runAs } = injection;
  const { fetcher, check, fetcherIndex } = injection.earlier;
  const shared = options.roleArn === undefined ? sharedIdentity(pod, FETCHER_NAME) : NO_IDENTITY;
  const mounts = fetcherMounts({ ...made, options });
  const env = fetcherEnv({ ...made, options }, accountOf(pod, namespace), settings);
  const probed = made.plan.views.find((view) => view.probe === true);
  const needsCheck = probed !== undefined && check === undefined;
  // Before anything is inserted, which would change the indices.
  const security = securityContext(runAs);
  const sidecar = sidecarFields(made.plan);
  if (check !== undefined && probed !== undefined)
    repairCheck(patch, check, { volume: probed.volume, securityContext: security });
  if (fetcher !== undefined) {
    const wanted = {
      env: [...env, ...withoutNames(shared.env, env)],
      mounts: [...mounts, ...shared.mounts],
      securityContext: security,
      sidecar,
    };
    addMissing(patch, fetcher.container, wanted);
    if (!needsCheck) return 0;
  }
  const traced = traceparent === undefined ? [] : [{ name: TRACEPARENT_VARIABLE, value: traceparent }];
  const bytes = volumeBytes(injection.views, options);
  const resources = (kind: 'init' | 'sidecar') =>
    injectedResources(kind, pod, options, settings.resources, bytes);
  const parts = { env: [...env, ...traced], mounts, shared, securityContext: security, sidecar };
  const list = ['spec', 'initContainers'];
  if (fetcher === undefined)
    patch.insert(
      list,
      fetcherIndex,
      fetcherContainer(
        { ...parts, resources: resources(options.refresh === undefined ? 'init' : 'sidecar') },
        settings,
      ),
    );
  if (needsCheck)
    patch.insert(
      list,
      fetcherIndex + 1,
      checkContainer(probed.volume, { ...parts, resources: resources('init') }, settings),
    );
  return (fetcher === undefined ? 1 : 0) + (needsCheck ? 1 : 0);
}

/** Adds what an injected container lost of its variables, mounts, security context and fields of a sidecar. */
function addMissing(
  patch: PatchBuilder,
  { list, index, json, env, mounts }: Container,
  wanted: Pick<FetcherParts, 'env' | 'mounts' | 'securityContext' | 'sidecar'>,
): void {
  const path = ['spec', list, index];
  for (const [name, value] of Object.entries(wanted.sidecar).filter(([one]) => (json[one] ?? null) === null))
    patch.setMember(path, name, value);
  const security = asObject(json['securityContext']);
  if (security === undefined) patch.setMember(path, 'securityContext', wanted.securityContext);
  else {
    for (const [name, value] of Object.entries(HARDENED).filter(([one]) => (security[one] ?? null) === null))
      patch.setMember([...path, 'securityContext'], name, value);
  }
  for (const entry of withoutNames(wanted.env, env)) patch.append([...path, 'env'], entry);
  for (const mount of unmounted(wanted.mounts, mounts)) patch.append([...path, 'volumeMounts'], mount);
}

/** Webhooks with older libraries damage the probe variable as they damage native variables. */
function repairCheck(
  patch: PatchBuilder,
  check: Container,
  { volume, securityContext }: { readonly volume: string; readonly securityContext: JsonObject },
): void {
  const index = check.env.findIndex((entry) => entry['name'] === PROBE_VARIABLE);
  const entry = check.env[index];
  if (entry !== undefined && isDamaged(entry)) {
    const source = ['spec', check.list, check.index, 'env', index, 'valueFrom'];
    patch.setMember(source, 'fileKeyRef', probeReference(volume));
  }
  addMissing(patch, check, { env: checkEnv(volume), mounts: [NO_API.mount], securityContext, sidecar: {} });
}

/** Mounts whose path has no mount yet. */
function unmounted(mounts: readonly JsonObject[], existing: readonly JsonObject[]): readonly JsonObject[] {
  const paths = new Set(existing.map((mount) => comparablePath(textField(mount, 'mountPath') ?? '')));
  return mounts.filter((mount) => !paths.has(comparablePath(String(mount['mountPath']))));
}

interface Receiver {
  readonly view: DeliveredView;
  readonly recipient: Recipient;
  /** The number of init containers that were inserted before those that follow the fetcher. */
  readonly inserted: number;
}

function addReceiver(
  patch: PatchBuilder,
  injection: Injection,
  { view, recipient, inserted }: Receiver,
): void {
  const { container, envMode } = recipient;
  const { options, earlier } = injection;
  const isAfterFetcher = container.list === 'initContainers' && container.index >= earlier.fetcherIndex;
  const path = ['spec', container.list, container.index + (isAfterFetcher ? inserted : 0)];
  const { env } = view.contents;
  const isMounted = container.mounts.some((mount) => mount['name'] === view.volume);
  if (mountsView(view, envMode, options) && !isMounted)
    patch.append([...path, 'volumeMounts'], receiverMount(view.volume, options.mountPath));
  const envFile = envFilePath(options);
  switch (envMode) {
    case 'native':
      addNativeVariables(patch, path, container, { variables: env, volume: view.volume });
      break;
    case 'shell':
      if (prefixedCommand(container, envFile) !== undefined) break;
      patch.insertAll([...path, 'command'], 0, shellPrefix(container.command?.[0], envFile));
      break;
    case 'file':
      break;
  }
}
