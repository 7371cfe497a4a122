/**
 * The fields of a pod that decisions depend on, read from raw JSON. Other fields are not read. Nothing is written back,
 * so fields that are newer than this code stay in the pod.
 */
import { asArray, asObject, field, integerField, type JsonObject, textField } from '../json.ts';
import type { Problem } from '../problems/problems.ts';
import { failed, ok, type Result } from '../problems/result.ts';

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

/** Reads a pod. The problem is a shape that the API server would reject as well. */
export function readPod(json: unknown): Result<Pod> {
  const pod = asObject(json);
  const spec = asObject(field(pod, 'spec'));
  if (pod === undefined || spec === undefined) return malformed('spec', 'the field is not an object');
  const containers = containersOf(spec, 'containers');
  const initContainers = containersOf(spec, 'initContainers');
  const volumes = objectsOf(field(spec, 'volumes'));
  if (containers === undefined || containers.length === 0)
    return malformed('spec.containers', 'the field is not a list of named containers');
  if (initContainers === undefined)
    return malformed('spec.initContainers', 'the field is not a list of named containers');
  if (volumes === undefined) return malformed('spec.volumes', 'the field is not a list of objects');
  return ok({
    json: pod,
    spec,
    annotations: field(field(pod, 'metadata'), 'annotations'),
    containers,
    initContainers,
    volumes,
  });
}

/** Whether a pod is for Windows nodes, by `spec.os` or by its node selector. */
export function isWindows(pod: Pod): boolean {
  return (
    textField(field(pod.spec, 'os'), 'name') === 'windows' ||
    textField(field(pod.spec, 'nodeSelector'), 'kubernetes.io/os') === 'windows'
  );
}

/** Proxies of service meshes. They receive secrets only when an annotation names them. */
const MESH_PROXIES: ReadonlySet<string> = new Set([
  'istio-proxy',
  'linkerd-proxy',
  'kuma-sidecar',
  'consul-dataplane',
]);

export function isMeshProxy(container: Container): boolean {
  return isMeshProxyName(container.name);
}

/** The same for the name alone. */
export function isMeshProxyName(name: string): boolean {
  return MESH_PROXIES.has(name);
}

/** Whether an init container runs for the whole life of the pod (a native sidecar). */
export function isNativeSidecar(container: Container): boolean {
  return container.list === 'initContainers' && textField(container.json, 'restartPolicy') === 'Always';
}

/** The user or group ID of a container, from the container or else from the pod. */
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

/** A list of objects. A missing list and null are empty, as in the API. */
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

function malformed(subject: string, wrong: string): Result<never> {
  return failed<Problem>({
    code: 'POD_MALFORMED',
    subject,
    wrong,
    expected: 'fix the manifest; the API server would reject this pod as well',
  });
}
