/**
 * Resources of the injected container. They are chosen to have little effect on quotas and scheduling: Kubernetes counts
 * the larger of the sums of init containers and of regular containers.
 */

import type { Options } from '../annotations/options.ts';
import { field, type JsonObject } from '../json.ts';
import { MAX_SECRET_BYTES } from '../limits.ts';
import type { Container, Pod } from '../pod/pod.ts';
import { cpuQuantity, memoryQuantity, parseQuantity } from '../pod/quantity.ts';

const MIB = 2 ** 20;
const LEAST_CPU = 0.1;
const LEAST_CPU_LIMIT = 0.25;
const MOST_CPU_LIMIT = 1;
const PROCESS_MEMORY = 96 * MIB;
const LEAST_MEMORY = 128 * MIB;

/** The memory of one view: the largest secret for each representation, and 1 MiB for file system overhead. */
export function viewBytes(representations: number): number {
  return MAX_SECRET_BYTES * representations + MIB;
}

const RESOURCES = ['cpu', 'memory'] as const;
type Resource = (typeof RESOURCES)[number];

/**
 * The `resources` of the injected container.
 * @param volumeBytes memory of all views; tmpfs pages are charged to the container that writes them
 * @returns undefined if the container sets no resources
 */
export function fetcherResources(pod: Pod, options: Options, volumeBytes: number): JsonObject | undefined {
  const computed = field(pod.spec, 'resources') === undefined ? computeResources(pod, volumeBytes) : {};
  const requests = setFields({
    cpu: options.cpuRequest ?? computed.cpuRequest,
    memory: options.memoryRequest ?? computed.memoryRequest,
  });
  const limits = setFields({
    cpu: options.cpuLimit ?? computed.cpuLimit,
    memory: options.memoryLimit ?? computed.memoryLimit,
  });
  if (requests === undefined && limits === undefined) return undefined;
  return { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) };
}

interface Computed {
  readonly cpuRequest?: string;
  readonly cpuLimit?: string;
  readonly memoryRequest?: string;
  readonly memoryLimit?: string;
}

function computeResources(pod: Pod, volumeBytes: number): Computed {
  const memory = memoryQuantity(Math.max(LEAST_MEMORY, PROCESS_MEMORY + volumeBytes));
  const wanted = Math.max(LEAST_CPU, sumOf(pod.containers, 'cpu', requestOf) ?? 0);
  if (isGuaranteed(pod)) {
    const cpu = cpuQuantity(wanted);
    return { cpuRequest: cpu, cpuLimit: cpu, memoryRequest: memory, memoryLimit: memory };
  }
  // A container without a limit makes the pod unlimited for Kubernetes.
  const limits = sumOf(pod.containers, 'cpu', limitOf);
  const limit =
    limits === undefined ? MOST_CPU_LIMIT : Math.min(MOST_CPU_LIMIT, Math.max(LEAST_CPU_LIMIT, limits));
  return {
    // A request above the limit is invalid; the sum of the regular containers is the larger one anyway.
    cpuRequest: cpuQuantity(Math.min(wanted, limit)),
    cpuLimit: cpuQuantity(limit),
    memoryRequest: memory,
    memoryLimit: memory,
  };
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
