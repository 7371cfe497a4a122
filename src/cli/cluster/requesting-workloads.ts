/** Finds the workloads of a cluster whose pods request secrets. */
import { requestsSecrets } from '../../core/annotations/annotations.ts';
import { asArray, field, textField } from '../../core/json.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { ApiAnswer, ClusterApi } from '../../kubernetes/api-client.ts';
import { type ListQuestion, pagesOf } from '../../kubernetes/lists.ts';

interface Source {
  readonly kind: string;
  readonly path: string;
  /** From an object to the metadata of its pods. */
  readonly template: readonly string[];
}

const SOURCES: readonly Source[] = [
  { kind: 'Deployment', path: '/apis/apps/v1/deployments', template: ['spec', 'template'] },
  { kind: 'StatefulSet', path: '/apis/apps/v1/statefulsets', template: ['spec', 'template'] },
  { kind: 'DaemonSet', path: '/apis/apps/v1/daemonsets', template: ['spec', 'template'] },
  { kind: 'ReplicaSet', path: '/apis/apps/v1/replicasets', template: ['spec', 'template'] },
  {
    kind: 'CronJob',
    path: '/apis/batch/v1/cronjobs',
    template: ['spec', 'jobTemplate', 'spec', 'template'],
  },
  { kind: 'Job', path: '/apis/batch/v1/jobs', template: ['spec', 'template'] },
];

/** Kinds of which old revisions stay. */
const REVISIONS: ReadonlySet<string> = new Set(['ReplicaSet', 'Job']);
const MIB = 1024 * 1024;
/** An object has at most 1.5 MiB in etcd. */
const OBJECTS = { accept: 'application/json', limit: 40, mostPages: 2000, mostBytes: 64 * MIB };
/** Pods that still run, without their specs. */
const PODS: ListQuestion = {
  path: '/api/v1/pods',
  query: { fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
  accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  limit: 500,
  mostPages: 1000,
  mostBytes: 64 * MIB,
};

/** A workload whose pods request secrets. */
export interface RequestingWorkload {
  readonly kind: string;
  /** `Deployment shop/web`. */
  readonly name: string;
  readonly namespace: string;
  readonly content: unknown;
  /** The template of its pods. */
  readonly template: unknown;
}

/** Why a list cannot be read. */
export interface ListProblem {
  /** The resource, such as `deployments`. */
  readonly resource: string;
  readonly answer: Exclude<ApiAnswer, { readonly kind: 'answer' }>;
}

interface Requesting {
  readonly workloads: readonly RequestingWorkload[];
  /** All workloads that own pods, by name. */
  readonly known: ReadonlySet<string>;
}

/**
 * Lists the workloads whose pods request secrets. One that has finished, or that another one owns, is not listed.
 * @param leftOut kinds that are not read, such as ReplicaSets, of which large clusters have very many
 */
export async function listRequestingWorkloads(
  api: ClusterApi,
  signal: AbortSignal,
  leftOut: ReadonlySet<string> = new Set(),
): Promise<Result<Requesting, ListProblem>> {
  const workloads: RequestingWorkload[] = [];
  const known = new Set<string>();
  for (const source of SOURCES.filter(({ kind }) => !leftOut.has(kind)))
    for await (const page of pagesOf(api, { path: source.path, ...OBJECTS }, signal)) {
      if (page.kind !== 'answer') return failed({ resource: resourceOf(source.path), answer: page });
      for (const content of asArray(field(page.json, 'items') ?? []) ?? []) {
        const metadata = field(content, 'metadata');
        const name = nameOf(source.kind, metadata);
        const owner = ownerOf(metadata);
        const isOwned = owner !== undefined && known.has(owner);
        // The owner of a ReplicaSet or Job can be of another kind, such as a Rollout. Old revisions stay, so only the pods
        // show whether it requests secrets. Any other workload of such an owner can start pods again.
        if (owner !== undefined && !isOwned && REVISIONS.has(source.kind)) continue;
        known.add(name);
        const template = source.template.reduce<unknown>((value, key) => field(value, key), content);
        const isOver = textField(field(content, 'status'), 'completionTime') !== undefined;
        const requests = requestsSecrets(field(field(template, 'metadata'), 'annotations'));
        if (!requests || isOwned || isOver) continue;
        const namespace = textField(metadata, 'namespace') ?? '';
        workloads.push({ kind: source.kind, name, namespace, content, template });
      }
    }
  return ok({ workloads, known });
}

/**
 * Workloads, and pods that no known workload owns, such as those of an Argo Rollout: `Deployment shop/web`, sorted.
 * A workload that has finished, or that another one owns, is not listed.
 */
export async function findRequestingWorkloads(
  api: ClusterApi,
  signal: AbortSignal,
): Promise<Result<readonly string[], string>> {
  const listed = await listRequestingWorkloads(api, signal);
  if (!listed.ok) return failed(problem(listed.problem));
  const { workloads, known } = listed.value;
  const found = new Set(workloads.map(({ name }) => name));
  for await (const page of pagesOf(api, PODS, signal)) {
    if (page.kind !== 'answer') return failed(problem({ resource: resourceOf(PODS.path), answer: page }));
    for (const item of asArray(field(page.json, 'items') ?? []) ?? []) {
      const metadata = field(item, 'metadata');
      const owner = ownerOf(metadata);
      if (owner !== undefined && known.has(owner)) continue;
      if (requestsSecrets(field(metadata, 'annotations'))) found.add(owner ?? nameOf('Pod', metadata));
    }
  }
  return ok([...found].sort());
}

function nameOf(kind: string, metadata: unknown): string {
  return `${kind} ${textField(metadata, 'namespace') ?? ''}/${textField(metadata, 'name') ?? ''}`;
}

/** The controller of an object, which is in the same namespace. */
function ownerOf(metadata: unknown): string | undefined {
  const owner = asArray(field(metadata, 'ownerReferences') ?? [])?.find(
    (one) => field(one, 'controller') === true,
  );
  if (owner === undefined) return undefined;
  const namespace = textField(metadata, 'namespace') ?? '';
  return `${textField(owner, 'kind') ?? ''} ${namespace}/${textField(owner, 'name') ?? ''}`;
}

function resourceOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}

function problem({ resource, answer }: ListProblem): string {
  const what = answer.kind === 'refused' ? `status ${answer.status}` : answer.what;
  return `cannot list ${resource}: ${what}`;
}
