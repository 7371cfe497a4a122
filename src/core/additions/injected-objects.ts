/** The objects that are added to a pod: volumes, mounts and init containers. */
import type { Options } from '../annotations/options.ts';
import { type JsonObject, textField } from '../json.ts';
import { SERVICE_ACCOUNT_VARIABLE } from '../names/identity-variables.ts';
import { validSessionName } from '../names/session-name.ts';
import { PROBE_FILE, PROBE_VARIABLE, VIEWS_DIRECTORY } from '../names/volume-layout.ts';
import { PLAN_VARIABLE, type Plan } from '../plan/plan.ts';
import type { Container, Pod } from '../pod/pod.ts';
import { memoryQuantity } from '../pod/quantity.ts';
import { CHECK_COMMAND, FETCH_COMMAND, type InjectionSettings } from '../settings.ts';
import type { SharedIdentity } from './aws-identity.ts';
import { assumedRoleEnv, ROLE_TOKEN_MOUNT, roleEnv } from './role-token.ts';
import type { SidecarFields } from './sidecar.ts';

/** Name of the fetcher's init container. */
export const FETCHER_NAME = 'aws-secrets-fetch';
/** Name of the init container that checks whether the node's kubelet supports native variables. */
export const CHECK_NAME = 'aws-secrets-check';
/** Name of the volume that hides the API token from the injected containers. */
export const NO_API_VOLUME = 'aws-secrets-no-api';
const API_TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether a container has the name of an injected container. */
export function isInjected({ name }: Container): boolean {
  return name === FETCHER_NAME || name === CHECK_NAME;
}

/** An in-memory volume, which is never written to the node's disk. @param bytes its size limit */
export function memoryVolume(name: string, bytes: number): JsonObject {
  return { name, emptyDir: { medium: 'Memory', sizeLimit: memoryQuantity(bytes) } };
}

/**
 * An empty volume at the path of the API token. The ServiceAccount plugin mounts the token into every container that has
 * no mount there, in its second pass also into the injected containers, which do not use the API.
 */
export const NO_API = {
  volume: memoryVolume(NO_API_VOLUME, 4096),
  mount: { name: NO_API_VOLUME, mountPath: API_TOKEN_PATH, readOnly: true } satisfies JsonObject,
};

/** The mount of a view in a receiving container. */
export function receiverMount(volume: string, mountPath: string): JsonObject {
  return { name: volume, mountPath, readOnly: true };
}

/** Whose identity the fetcher uses. */
export interface Account {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** @param namespace of the request, because the pod may not name it yet */
export function accountOf(pod: Pod, namespace: string): Account {
  // The API server reads the older field as well.
  const name = textField(pod.spec, 'serviceAccountName') || textField(pod.spec, 'serviceAccount');
  return { namespace, serviceAccount: name || 'default' };
}

/** What the annotations of a pod request: the plan, its text, and the options. */
export interface Requested {
  readonly plan: Plan;
  readonly text: string;
  readonly options: Options;
}

/** The fetcher's mounts, without the token mount of an identity that other webhooks add. */
export function fetcherMounts({ plan, options }: Omit<Requested, 'text'>): readonly JsonObject[] {
  const views = plan.views.map((view) => ({
    name: view.volume,
    mountPath: `${VIEWS_DIRECTORY}/${view.volume}`,
  }));
  return [...views, NO_API.mount, ...(options.roleArn === undefined ? [] : [ROLE_TOKEN_MOUNT])];
}

/**
 * The fetcher's variables, without those of an identity that other webhooks add. The name of the AWS session is
 * `<namespace>.<service account>`, so that CloudTrail shows who read a secret.
 */
export function fetcherEnv(
  { plan, text, options }: Requested,
  account: Account,
  settings: InjectionSettings,
): readonly JsonObject[] {
  return [
    { name: PLAN_VARIABLE, value: text },
    {
      name: 'AWS_ROLE_SESSION_NAME',
      value: validSessionName(`${account.namespace}.${account.serviceAccount}`),
    },
    // The fetcher never uses the role of the node; this tells other AWS libraries as well.
    { name: 'AWS_EC2_METADATA_DISABLED', value: 'true' },
    { name: SERVICE_ACCOUNT_VARIABLE, value: `${account.namespace}/${account.serviceAccount}` },
    ...roleEnv(options, plan, settings),
    ...assumedRoleEnv(options),
    ...(settings.fetcherEnv ?? []),
  ];
}

/** The parts of the injected containers that depend on the pod. */
export interface FetcherParts {
  readonly env: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
  readonly resources: JsonObject | undefined;
  readonly securityContext: JsonObject;
  readonly shared: SharedIdentity;
  /** Empty for an init container. */
  readonly sidecar: SidecarFields;
}

/** The fetcher's container: an init container, or a native sidecar. */
export function fetcherContainer(parts: FetcherParts, settings: InjectionSettings): JsonObject {
  return {
    name: FETCHER_NAME,
    ...imageOf(settings),
    command: FETCH_COMMAND,
    ...parts.sidecar,
    env: [...parts.env, ...withoutNames(parts.shared.env, parts.env)],
    ...endOf(parts),
    volumeMounts: [...parts.mounts, ...parts.shared.mounts],
  };
}

/**
 * The kubelet check's init container. A kubelet without `fileKeyRef` silently sets the variable to the empty string, and
 * the application would start with it.
 * @param volume of the view with the probe file
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

/** The variables of the kubelet check. @param volume of the view with the probe file */
export function checkEnv(volume: string): readonly JsonObject[] {
  return [
    { name: PROBE_VARIABLE, valueFrom: { fileKeyRef: probeReference(volume) } },
    { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ];
}

/** The source of the probe variable. */
export function probeReference(volume: string): JsonObject {
  return { volumeName: volume, path: PROBE_FILE, key: PROBE_VARIABLE };
}

/** The `restricted` profile of the Pod Security Standards and a read-only root file system. */
export function securityContext(ids: {
  readonly user: number | undefined;
  readonly group: number | undefined;
}): JsonObject {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ...(ids.user === undefined ? {} : { runAsUser: ids.user }),
    ...(ids.group === undefined ? {} : { runAsGroup: ids.group }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function imageOf({ image, imagePullPolicy }: InjectionSettings): JsonObject {
  return { image, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) };
}

function endOf(parts: Pick<FetcherParts, 'resources' | 'securityContext'>): JsonObject {
  return {
    ...(parts.resources === undefined ? {} : { resources: parts.resources }),
    securityContext: parts.securityContext,
    // If the process is killed before it writes a message, the last log lines are shown instead.
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
