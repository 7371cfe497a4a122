/**
 * Looks for a kubelet that is too old. The request is for the table of nodes that `kubectl get nodes` prints: a row has 200
 * bytes, the object of a node more than ten thousand.
 */
import { asArray, field, textField } from '../core/json.ts';
import type { ApiAnswer, ClusterApi } from './api-client.ts';
import { type ListQuestion, pagesOf } from './lists.ts';
import { isAtLeast, parseVersion } from './version.ts';

export type Kubelets =
  /** All kubelets are new enough; the number of nodes. */
  | { readonly kind: 'all'; readonly nodes: number }
  /** The first kubelet that is too old. */
  | { readonly kind: 'old'; readonly node: string; readonly version: string }
  | Exclude<ApiAnswer, { readonly kind: 'answer' }>;

const NODES: ListQuestion = {
  path: '/api/v1/nodes',
  query: { includeObject: 'None' },
  limit: 500,
  // More nodes than Kubernetes supports.
  mostPages: 100,
  accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  mostBytes: 1024 * 1024,
};

/** Finds the first node with a kubelet older than 1.`minor`. */
export async function findOldKubelet(api: ClusterApi, minor: number, signal: AbortSignal): Promise<Kubelets> {
  let nodes = 0;
  for await (const page of kubeletsOf(api, signal)) {
    if (page.kind !== 'kubelets') return page;
    const old = page.kubelets.find(({ version }) => {
      const parsed = parseVersion(version);
      return parsed === undefined || !isAtLeast(parsed, minor);
    });
    if (old !== undefined) return { kind: 'old', ...old };
    nodes += page.kubelets.length;
  }
  return { kind: 'all', nodes };
}

/** The kubelets of a page of nodes. */
export interface KubeletPage {
  readonly kind: 'kubelets';
  readonly kubelets: readonly Kubelet[];
}

/** Lists the kubelets of all nodes in pages. The last one may be a refusal or a failure. */
export async function* kubeletsOf(
  api: ClusterApi,
  signal: AbortSignal,
): AsyncGenerator<KubeletPage | Exclude<ApiAnswer, { readonly kind: 'answer' }>> {
  for await (const answer of pagesOf(api, NODES, signal)) {
    const kubelets = answer.kind === 'answer' ? readRows(answer.json) : undefined;
    if (kubelets !== undefined) yield { kind: 'kubelets', kubelets };
    else if (answer.kind !== 'answer') yield answer;
    else yield { kind: 'failed', what: 'the list of nodes has an unexpected form' };
  }
}

export interface Kubelet {
  readonly node: string;
  readonly version: string;
}

/** @returns undefined unless the answer is a table with both columns in every row */
function readRows(json: unknown): readonly Kubelet[] | undefined {
  const columns = asArray(field(json, 'columnDefinitions'))?.map((column) => textField(column, 'name'));
  if (textField(json, 'kind') !== 'Table' || columns === undefined) return undefined;
  const name = columns.indexOf('Name');
  const version = columns.indexOf('Version');
  // An empty list may be missing or null.
  const rows = asArray(field(json, 'rows') ?? []);
  if (name < 0 || version < 0 || rows === undefined) return undefined;
  const read: Kubelet[] = [];
  for (const row of rows) {
    const cells = asArray(field(row, 'cells'));
    const [node, reported] = [cells?.[name], cells?.[version]];
    if (typeof node !== 'string' || typeof reported !== 'string') return undefined;
    read.push({ node, version: reported });
  }
  return read;
}
