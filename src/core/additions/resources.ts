/**
 * Resources of the injected containers. They are chosen to have little effect on quotas and scheduling. Kubernetes counts
 * the larger of the requests of an init container and of the sum of regular containers, so an init container may use what
 * they use later. It adds the requests of a native sidecar to that sum, so a sidecar requests what it uses while it waits.
 */

import type { Options, ResourceOption } from '../annotations/options.ts';
import { asObject, field, type JsonObject } from '../json.ts';
import { MAX_SECRET_BYTES } from '../limits.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import type { Container, Pod } from '../pod/pod.ts';
import { cpuQuantity, memoryQuantity, parseQuantity } from '../pod/quantity.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';

const MIB = 2 ** 20;
const LEAST_CPU = 0.1;
/** A limit throttles the start, but counts towards quotas: docs/internals/performance.md has measurements. */
const LEAST_CPU_LIMIT = 0.5;
const MOST_CPU_LIMIT = 1;
const PROCESS_MEMORY = 96 * MIB;
const LEAST_MEMORY = 128 * MIB;
/**
 * Between two looks, the sidecar uses no CPU. A small request does not make its start slower: kubelet gives the pod the
 * CPU share of all its containers, and the others start later.
 */
const SIDECAR_CPU = 0.01;
/** Kubernetes adds it to the limits of the other containers. */
const SIDECAR_CPU_LIMIT = 0.25;
/** What the sidecar uses while it waits, and the pages of its executable. */
const SIDECAR_MEMORY = 64 * MIB;

/** The memory of one view: the largest secret for each representation, and 1 MiB for file system overhead. */
export function viewBytes(representations: number): number {
  return MAX_SECRET_BYTES * representations + MIB;
}

const RESOURCES = ['cpu', 'memory'] as const;
type Resource = (typeof RESOURCES)[number];

/** What the pod, or else the operator, writes for one resource. */
interface Written {
  readonly request: ResourceOption;
  readonly limit: ResourceOption;
}

type Defaults = InjectionSettings['resources'];

/** An init container ends before the regular containers start; a native sidecar runs beside them. */
export type InjectedKind = 'init' | 'sidecar';

/**
 * The `resources` of an injected container.
 * @param defaults of the operator, for what the pod's annotations do not set
 * @param volumeBytes memory of all views; tmpfs pages are charged to the container that writes them
 * @returns undefined if the container sets no resources
 */
export function injectedResources(
  kind: InjectedKind,
  pod: Pod,
  options: Options,
  defaults: Defaults,
  volumeBytes: number,
): JsonObject | undefined {
  const guaranteed = isGuaranteed(pod);
  const cpu = settle(
    writtenFor('cpu', pod, options, defaults),
    hasPodResources(pod) ? undefined : computeCpu(kind, pod, guaranteed),
    guaranteed,
  );
  const memory = settle(
    writtenFor('memory', pod, options, defaults),
    hasPodResources(pod) ? undefined : computeMemory(kind, volumeBytes, guaranteed),
    guaranteed,
  );
  const requests = setFields({ cpu: cpu.request, memory: memory.request });
  const limits = setFields({ cpu: cpu.limit, memory: memory.limit });
  if (requests === undefined && limits === undefined) return undefined;
  return { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) };
}

/** Requests above a limit, which the API server would reject with a message about a container that the user never wrote. */
export function resourceProblems(pod: Pod, options: Options, defaults: Defaults): readonly Problem[] {
  return RESOURCES.flatMap((resource) => {
    const { request, limit } = writtenFor(resource, pod, options, defaults);
    const requested = parseQuantity(request);
    const limited = parseQuantity(limit);
    if (requested === undefined || limited === undefined || requested <= limited) return [];
    const isRequestWritten = ofPod(resource, options).request !== undefined;
    return [aboveLimit(resource, { request, limit }, isRequestWritten)];
  });
}

function aboveLimit(resource: Resource, { request, limit }: Written, isRequestWritten: boolean): Problem {
  return {
    code: 'OPTION_CONFLICT',
    subject: annotationKey(isRequestWritten ? `${resource}-request` : `${resource}-limit`),
    wrong: `the request ${quote(request ?? '')} is greater than the limit ${quote(limit ?? '')}`,
    expected: `set ${resource}-request to at most ${resource}-limit; where an annotation is missing, the operator's default applies`,
  };
}

/** Resources of the whole pod limit those of each container, so only what the pod's annotations say is set. */
function hasPodResources(pod: Pod): boolean {
  return Object.keys(asObject(field(pod.spec, 'resources')) ?? {}).length > 0;
}

function writtenFor(resource: Resource, pod: Pod, options: Options, defaults: Defaults = {}): Written {
  const written = ofPod(resource, options);
  if (hasPodResources(pod)) return written;
  return {
    request: written.request ?? (resource === 'cpu' ? defaults.cpuRequest : defaults.memoryRequest),
    limit: written.limit ?? (resource === 'cpu' ? defaults.cpuLimit : defaults.memoryLimit),
  };
}

function ofPod(resource: Resource, options: Options): Written {
  switch (resource) {
    case 'cpu':
      return { request: options.cpuRequest, limit: options.cpuLimit };
    case 'memory':
      return { request: options.memoryRequest, limit: options.memoryLimit };
  }
}

interface Computed {
  readonly request: number;
  /** Undefined for no limit. */
  readonly limit: number | undefined;
  readonly format: (amount: number) => string;
}

/** Where only one of the two is written, the computed other follows it: the API server rejects a request above the limit. */
function settle(written: Written, computed: Computed | undefined, guaranteed: boolean): Written {
  if (computed === undefined) return written;
  const request = parseQuantity(written.request);
  const limit = parseQuantity(written.limit);
  const followsLimit = limit !== undefined && (guaranteed || computed.request > limit);
  const computedRequest = followsLimit ? written.limit : computed.format(computed.request);
  if (computed.limit === undefined)
    return { request: written.request ?? computedRequest, limit: written.limit };
  const followsRequest = request !== undefined && (guaranteed || computed.limit < request);
  return {
    request: written.request ?? computedRequest,
    limit: written.limit ?? (followsRequest ? written.request : computed.format(computed.limit)),
  };
}

function computeMemory(kind: InjectedKind, volumeBytes: number, guaranteed: boolean): Computed {
  const limit = Math.max(LEAST_MEMORY, PROCESS_MEMORY + volumeBytes);
  const request = kind === 'init' || guaranteed ? limit : SIDECAR_MEMORY;
  return { request, limit, format: memoryQuantity };
}

function computeCpu(kind: InjectedKind, pod: Pod, guaranteed: boolean): Computed {
  // A container without a limit makes the pod unlimited for Kubernetes. The defaults of a LimitRange are already set here,
  // and a quota on limits rejects such a pod, so there is nothing for which the injected container would need a limit.
  const limits = sumOf(pod.containers, 'cpu', limitOf);
  if (kind === 'sidecar') {
    if (guaranteed) return { request: LEAST_CPU, limit: LEAST_CPU, format: cpuQuantity };
    const limit = limits === undefined ? undefined : SIDECAR_CPU_LIMIT;
    return { request: SIDECAR_CPU, limit, format: cpuQuantity };
  }
  const wanted = Math.max(LEAST_CPU, sumOf(pod.containers, 'cpu', requestOf) ?? 0);
  if (guaranteed) return { request: wanted, limit: wanted, format: cpuQuantity };
  if (limits === undefined) return { request: wanted, limit: undefined, format: cpuQuantity };
  const limit = Math.min(MOST_CPU_LIMIT, Math.max(LEAST_CPU_LIMIT, limits));
  // A request above the limit is invalid; the sum of the regular containers is the larger one anyway.
  return { request: Math.min(wanted, limit), limit, format: cpuQuantity };
}

/** The sum over containers; undefined if a container has no limit. */
function sumOf(
  containers: readonly Container[],
  resource: Resource,
  read: (container: Container, resource: Resource) => number | undefined,
): number | undefined {
  let sum = 0;
  let complete = true;
  for (const container of containers) {
    const amount = read(container, resource);
    if (amount === undefined) complete = false;
    else sum += amount;
  }
  return complete || read === requestOf ? sum : undefined;
}

/** Without a request, the API server uses the limit. */
function requestOf(container: Container, resource: Resource): number | undefined {
  return amountOf(container, 'requests', resource) ?? limitOf(container, resource);
}

function limitOf(container: Container, resource: Resource): number | undefined {
  return amountOf(container, 'limits', resource);
}

function amountOf(container: Container, kind: 'requests' | 'limits', resource: Resource): number | undefined {
  return parseQuantity(field(field(field(container.json, 'resources'), kind), resource));
}

/** Quality of service Guaranteed: every container has limits for both resources and requests equal to them. */
function isGuaranteed(pod: Pod): boolean {
  return pod.containers.every(isGuaranteedContainer) && pod.initContainers.every(isGuaranteedContainer);
}

function isGuaranteedContainer(container: Container): boolean {
  return RESOURCES.every((resource) => {
    const limit = limitOf(container, resource);
    return limit !== undefined && limit > 0 && requestOf(container, resource) === limit;
  });
}

function setFields(fields: Readonly<Record<Resource, string | undefined>>): JsonObject | undefined {
  const set: Partial<Record<Resource, string>> = {};
  let isEmpty = true;
  for (const resource of RESOURCES) {
    const value = fields[resource];
    if (value === undefined || value === 'none') continue;
    set[resource] = value;
    isEmpty = false;
  }
  return isEmpty ? undefined : set;
}
