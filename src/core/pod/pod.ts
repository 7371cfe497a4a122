/**
 * The few fields of a pod that decisions are made from, read from raw JSON. Everything else is neither looked at
 * nor kept: fields that are newer than this code stay in the pod because nothing is ever written back.
 */
import { asArray, asObject, field, integerField, type JsonObject, textField } from '../json.ts';
import type { Problem } from '../problems/problems.ts';

export type ContainerList = 'containers' | 'initContainers';

export interface Container {
  readonly list: ContainerList;
  readonly index: number;
  readonly name: string;
  readonly json: JsonObject;
  readonly command: readonly string[] | undefined;
  readonly env: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
}

export interface Pod {
  readonly json: JsonObject;
  readonly spec: JsonObject;
  readonly annotations: unknown;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly JsonObject[];
}

/** Reads a pod. @returns the pod, or the problem of a shape that the API server would refuse as well */
export function readPod(json: unknown): Pod | Problem {
  const pod = asObject(json);
  const spec = asObject(field(pod, 'spec'));
  if (pod === undefined || spec === undefined) return malformed('spec', 'is not an object');
  const containers = containersOf(spec, 'containers');
  const initContainers = containersOf(spec, 'initContainers');
  const volumes = objectsOf(field(spec, 'volumes'));
  if (containers === undefined || containers.length === 0)
    return malformed('spec.containers', 'is not a list of named containers');
  if (initContainers === undefined)
    return malformed('spec.initContainers', 'is not a list of named containers');
  if (volumes === undefined) return malformed('spec.volumes', 'is not a list of objects');
  return {
    json: pod,
    spec,
    annotations: field(field(pod, 'metadata'), 'annotations'),
    containers,
    initContainers,
    volumes,
  };
}

/** Whether a pod is for Windows nodes: by its own word, or by the label that it selects. */
export function isWindows(pod: Pod): boolean {
  return (
    textField(field(pod.spec, 'os'), 'name') === 'windows' ||
    textField(field(pod.spec, 'nodeSelector'), 'kubernetes.io/os') === 'windows'
  );
}

/** Proxies of service meshes: they never receive secrets unless named. */
const MESH_PROXIES: ReadonlySet<string> = new Set([
  'istio-proxy',
  'linkerd-proxy',
  'kuma-sidecar',
  'consul-dataplane',
]);

export function isMeshProxy(container: Container): boolean {
  return MESH_PROXIES.has(container.name);
}

/** Whether an init container runs beside the others for the pod's whole life (a native sidecar). */
export function isNativeSidecar(container: Container): boolean {
  return container.list === 'initContainers' && textField(container.json, 'restartPolicy') === 'Always';
}

/** A user or group id of a container: its own, else the pod's. */
export function effectiveId(
  pod: Pod,
  container: Container,
  id: 'runAsUser' | 'runAsGroup',
): number | undefined {
  return (
    integerField(field(container.json, 'securityContext'), id) ??
    integerField(field(pod.spec, 'securityContext'), id)
  );
}

function containersOf(spec: JsonObject, list: ContainerList): readonly Container[] | undefined {
  const objects = objectsOf(field(spec, list));
  if (objects === undefined) return undefined;
  const containers: Container[] = [];
  for (const [index, json] of objects.entries()) {
    const name = textField(json, 'name');
    const env = objectsOf(field(json, 'env'));
    const mounts = objectsOf(field(json, 'volumeMounts'));
    const command = field(json, 'command') ?? undefined;
    if (name === undefined || env === undefined || mounts === undefined) return undefined;
    if (command !== undefined && !isTextList(command)) return undefined;
    containers.push({ list, index, name, json, command, env, mounts });
  }
  return containers;
}

/** A list of objects; absent and null are empty, as in the API. */
function objectsOf(json: unknown): readonly JsonObject[] | undefined {
  if (json === undefined || json === null) return [];
  const list = asArray(json);
  return list?.every((element) => asObject(element) !== undefined)
    ? (list as readonly JsonObject[])
    : undefined;
}

function isTextList(json: unknown): json is readonly string[] {
  return Array.isArray(json) && json.every((element) => typeof element === 'string');
}

function malformed(subject: string, wrong: string): Problem {
  return { code: 'POD_MALFORMED', subject, wrong, expected: 'send a pod as the API server would accept it' };
}
