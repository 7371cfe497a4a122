/** The objects that are added to a pod: volumes, mounts and init containers. */

import type { JsonObject } from '../json.ts';
import { PROBE_FILE, PROBE_VARIABLE, VIEWS_DIRECTORY } from '../names/volume-layout.ts';
import { PLAN_VARIABLE, type Plan } from '../plan/plan.ts';
import type { Container } from '../pod/pod.ts';
import { memoryQuantity } from '../pod/quantity.ts';
import { CHECK_COMMAND, FETCH_COMMAND, type InjectionSettings } from '../settings.ts';
import type { SharedIdentity } from './aws-identity.ts';

/** Name of the injected init container. */
export const FETCHER_NAME = 'aws-secrets-fetch';
/** Name of the init container that proves that the node's kubelet sets variables from files. */
export const CHECK_NAME = 'aws-secrets-check';
/** Name of the volume that keeps the API token out of the fetcher. */
export const NO_API_VOLUME = 'aws-secrets-no-api';
const API_TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether a container has a name of ours. */
export function isInjected({ name }: Container): boolean {
  return name === FETCHER_NAME || name === CHECK_NAME;
}

/** A memory-backed volume: its pages are never written to the node's disk. @param bytes its size limit */
export function memoryVolume(name: string, bytes: number): JsonObject {
  return { name, emptyDir: { medium: 'Memory', sizeLimit: memoryQuantity(bytes) } };
}

/**
 * An empty volume over the path of the API token. The ServiceAccount plugin mounts the token into every container
 * that has nothing there, in its second pass also into ours; the fetcher has no business with the API.
 */
export const NO_API = {
  volume: memoryVolume(NO_API_VOLUME, 4096),
  mount: { name: NO_API_VOLUME, mountPath: API_TOKEN_PATH, readOnly: true } satisfies JsonObject,
};

/** The mount of a view in a container that receives it. */
export function receiverMount(volume: string, mountPath: string): JsonObject {
  return { name: volume, mountPath, readOnly: true };
}

/** The fetcher's mounts, without those that it takes over from siblings. */
export function fetcherMounts(plan: Plan): readonly JsonObject[] {
  const views = plan.views.map((view) => ({
    name: view.volume,
    mountPath: `${VIEWS_DIRECTORY}/${view.volume}`,
  }));
  return [...views, NO_API.mount];
}

/** The fetcher's variables, without those that it takes over from siblings. */
export function fetcherEnv(
  planText: string,
  sessionName: string,
  settings: InjectionSettings,
): readonly JsonObject[] {
  return [
    { name: PLAN_VARIABLE, value: planText },
    { name: 'AWS_ROLE_SESSION_NAME', value: sessionName },
    // Never the node's role: the fetcher asks no chain, and this says so to every library.
    { name: 'AWS_EC2_METADATA_DISABLED', value: 'true' },
    ...(settings.fetcherEnv ?? []),
  ];
}

export interface FetcherParts {
  readonly env: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
  readonly resources: JsonObject | undefined;
  readonly securityContext: JsonObject;
  readonly shared: SharedIdentity;
}

/** The init container. */
export function fetcherContainer(parts: FetcherParts, settings: InjectionSettings): JsonObject {
  return {
    name: FETCHER_NAME,
    ...imageOf(settings),
    command: FETCH_COMMAND,
    env: [...parts.env, ...withoutNames(parts.shared.env, parts.env)],
    ...endOf(parts),
    volumeMounts: [...parts.mounts, ...parts.shared.mounts],
  };
}

/**
 * The init container behind it: a kubelet that does not know `fileKeyRef` sets the variable to the empty string
 * without a word, and the application would start with that.
 * @param volume of the view that holds the probe file
 */
export function checkContainer(
  volume: string,
  parts: Pick<FetcherParts, 'resources' | 'securityContext'>,
  settings: InjectionSettings,
): JsonObject {
  return {
    name: CHECK_NAME,
    ...imageOf(settings),
    command: CHECK_COMMAND,
    env: checkEnv(volume),
    ...endOf(parts),
    volumeMounts: [NO_API.mount],
  };
}

/** The check's variables. @param volume of the view that holds the probe file */
export function checkEnv(volume: string): readonly JsonObject[] {
  return [
    { name: PROBE_VARIABLE, valueFrom: { fileKeyRef: probeReference(volume) } },
    { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ];
}

/** Where the check's variable comes from. */
export function probeReference(volume: string): JsonObject {
  return { volumeName: volume, path: PROBE_FILE, key: PROBE_VARIABLE };
}

function imageOf({ image, imagePullPolicy }: InjectionSettings): JsonObject {
  return { image, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) };
}

function endOf({
  resources,
  securityContext,
}: Pick<FetcherParts, 'resources' | 'securityContext'>): JsonObject {
  return {
    ...(resources === undefined ? {} : { resources }),
    securityContext,
    // When the process is killed before it can say why, the last log lines are better than nothing.
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

/** Objects whose name does not occur in the others. */
export function withoutNames(
  objects: readonly JsonObject[],
  others: readonly JsonObject[],
): readonly JsonObject[] {
  const names = new Set(others.map((other) => other['name']));
  return objects.filter((object) => !names.has(object['name']));
}

/**
 * The name of the AWS session, so that CloudTrail shows who read: `<namespace>.<service account>`, cut to the 64
 * characters that STS allows. Both are DNS names, so every character is allowed there.
 */
export function sessionName(namespace: string, serviceAccount: string): string {
  return `${namespace}.${serviceAccount}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);
}
