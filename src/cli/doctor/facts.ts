/** Reads what several checks need, once. */
import { asArray, field, textField } from '../../core/json.ts';
import { PREFIX } from '../../core/names/prefix.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { ClusterApi } from '../../kubernetes/api-client.ts';
import { pagesOf } from '../../kubernetes/lists.ts';
import { listRequestingWorkloads } from '../cluster/requesting-workloads.ts';
import { type Facts, type Finding, unanswered } from './check.ts';

const MIB = 1024 * 1024;
/** Lists of objects without their specs. */
export const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
export const OPT_IN_LABEL = `${PREFIX}injection`;

/** @param signal aborts all reads */
export function makeFacts(api: ClusterApi, signal: AbortSignal): Facts {
  return {
    version: once(() => api.ask(object('/version'), signal)),
    registrations: once(() =>
      readAll(api, { path: REGISTRATIONS, right: 'list mutatingwebhookconfigurations' }, signal),
    ),
    namespaces: once(async () => {
      const all = await readAll(
        api,
        { path: '/api/v1/namespaces', right: 'list namespaces', accept: METADATA },
        signal,
      );
      return all.ok ? ok(all.value.map(namespaceOf)) : all;
    }),
    workloads: once(async () => {
      const listed = await listRequestingWorkloads(api, signal, LEFT_OUT);
      if (listed.ok) return ok(listed.value.workloads);
      const { resource, answer } = listed.problem;
      return failed(unanswered(answer, `list ${resource} -A`));
    }),
  };
}

/** Hardly any is not owned by a Deployment. */
const LEFT_OUT: ReadonlySet<string> = new Set(['ReplicaSet']);
const REGISTRATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';

/** A question for one object. */
export function object(path: string): { path: string; accept: string; mostBytes: number } {
  return { path, accept: 'application/json', mostBytes: 4 * MIB };
}

export interface ListPart {
  readonly path: string;
  /** The right that the list needs, in the words of `kubectl auth can-i`. */
  readonly right: string;
  readonly accept?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** Reads a whole list. */
export async function readAll(
  api: ClusterApi,
  { path, right, accept = 'application/json', query = {} }: ListPart,
  signal: AbortSignal,
): Promise<Result<readonly unknown[], Finding>> {
  const items: unknown[] = [];
  const question = { path, query, accept, limit: 500, mostPages: 200, mostBytes: 64 * MIB };
  for await (const page of pagesOf(api, question, signal)) {
    if (page.kind !== 'answer') return failed(unanswered(page, right));
    items.push(...(asArray(field(page.json, 'items') ?? []) ?? []));
  }
  return ok(items);
}

function namespaceOf(item: unknown): { readonly name: string; readonly isOptedIn: boolean } {
  const metadata = field(item, 'metadata');
  const isOptedIn = textField(field(metadata, 'labels'), OPT_IN_LABEL) === 'enabled';
  return { name: textField(metadata, 'name') ?? '', isOptedIn };
}

/** Runs a function at the first call. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= read();
    return result;
  };
}
