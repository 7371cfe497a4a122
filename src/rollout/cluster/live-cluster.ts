/** The workloads and PodDisruptionBudgets of the cluster, kept up to date by watches, and requests that change workloads. */
import { createHash } from 'node:crypto';
import { versionsOfPod } from '../../core/advice/pod-versions.ts';
import { asArray, field } from '../../core/json.ts';
import type { VersionMap } from '../../core/plan/version-map.ts';
import type { ApiAnswer, ClusterApi, ClusterPlace } from '../../kubernetes/api-client.ts';
import { eventNote } from '../../kubernetes/event-note.ts';
import { ListWatch } from '../../kubernetes/list-watch.ts';
import { pagesOf } from '../../kubernetes/lists.ts';
import { type DisruptionBudget, readDisruptionBudget } from '../decide/disruption.ts';
import { FIELD_MANAGER, readWorkload } from '../decide/read-workload.ts';
import { KINDS, type Kind, type Workload } from '../decide/workload.ts';
import type { Cluster, Note, WriteResult } from '../effects.ts';
import { apiVersionOf, listPath, objectPath } from './paths.ts';

export interface LiveClusterParts {
  readonly place: ClusterPlace;
  readonly api: ClusterApi;
  /** The name of this replica, for Events. */
  readonly identity: string;
  /** Called after each change. */
  changed(): void;
  /** Called when something fails, and not again before it works. */
  failed(what: string, problem: string): void;
  readonly signal: AbortSignal;
}

const MIB = 1024 * 1024;
const OBJECT = { accept: 'application/json', mostBytes: 8 * MIB };
const PODS = { accept: 'application/json', limit: 100, mostPages: 20, mostBytes: 160 * MIB };
/** After a failure to write an Event, none are written for this time: restarts do not wait for them. */
const EVENT_PAUSE_MILLISECONDS = 30_000;

export class LiveCluster implements Cluster {
  readonly #parts: LiveClusterParts;
  readonly #workloads: ReadonlyMap<Kind, ListWatch<Workload>>;
  readonly #budgets: ListWatch<DisruptionBudget>;
  #eventsFrom = 0;

  constructor(parts: LiveClusterParts) {
    this.#parts = parts;
    this.#workloads = new Map(
      KINDS.map((kind) => [
        kind,
        this.#follow(listPath(kind), (object) => readWorkload(kind, object, Date.now()), true),
      ]),
    );
    // Without them, restarts could take down more pods than they allow.
    this.#budgets = this.#follow('/apis/policy/v1/poddisruptionbudgets', readDisruptionBudget, false);
  }

  #follow<T>(path: string, read: (object: unknown) => T | undefined, isOptional: boolean): ListWatch<T> {
    const { place, api, changed, failed, signal } = this.#parts;
    return new ListWatch({
      place,
      api,
      path,
      read,
      changed,
      failed: (problem) => failed(path, problem),
      isOptional,
      signal,
    });
  }

  /** Follows everything until the signal aborts. Never rejects. */
  async run(): Promise<void> {
    await Promise.all([...this.#workloads.values(), this.#budgets].map((one) => one.run()));
  }

  /** Whether everything was read. */
  get isSynced(): boolean {
    return this.#budgets.isSynced && [...this.#workloads.values()].every((one) => one.isSynced);
  }

  workloads(): readonly Workload[] {
    return [...this.#workloads.values()].flatMap((one) => one.values());
  }

  disruptionBudgets(): readonly DisruptionBudget[] {
    return this.#budgets.values();
  }

  /** Applies a merge patch to a workload. */
  async write(workload: Workload, body: string): Promise<WriteResult> {
    const answer = await this.#parts.api.ask(
      {
        ...OBJECT,
        path: `${objectPath(workload)}?fieldManager=${FIELD_MANAGER}`,
        patch: { contentType: 'application/merge-patch+json', body },
      },
      this.#parts.signal,
    );
    if (answer.kind === 'answer') this.#workloads.get(workload.kind)?.note(answer.json);
    return resultOf(answer);
  }

  /** The versions that the pods of a workload reported. @returns undefined if the pods cannot be listed */
  async deliveredTo({ namespace, selector }: Workload): Promise<readonly VersionMap[] | undefined> {
    if (selector === undefined) return [];
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
    const versions: VersionMap[] = [];
    const question = { ...PODS, path, query: { labelSelector: selector } };
    for await (const page of pagesOf(this.#parts.api, question, this.#parts.signal)) {
      if (page.kind !== 'answer') return undefined;
      for (const pod of asArray(field(page.json, 'items') ?? []) ?? []) {
        const reported = versionsOfPod(pod);
        if (reported !== undefined) versions.push(reported);
      }
    }
    return versions;
  }

  /** Writes an Event about a workload. @returns whether it was written, or existed */
  async tell({ kind, namespace, name, uid }: Workload, { type, reason, text }: Note): Promise<boolean> {
    const { api, identity, signal, failed } = this.#parts;
    if (performance.now() < this.#eventsFrom) return false;
    // The same Event after a crash.
    const hash = createHash('sha256')
      .update(JSON.stringify([uid, reason, text]))
      .digest('hex')
      .slice(0, 20);
    const answer = await api.ask(
      {
        ...OBJECT,
        path: `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events?fieldManager=${FIELD_MANAGER}`,
        create: JSON.stringify({
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: `aws-secrets-injector-rollout.${hash}`, namespace },
          type,
          reason,
          note: eventNote(text),
          action: 'Restart',
          reportingController: 'secrets-injector.dev/rollout',
          reportingInstance: identity.slice(0, 128),
          // Kubernetes requires six digits.
          eventTime: new Date().toISOString().replace('Z', '000Z'),
          regarding: { apiVersion: apiVersionOf(kind), kind, namespace, name, uid },
        }),
      },
      signal,
    );
    // 409: it exists. 404 and 403: its namespace is about to be deleted.
    if (answer.kind === 'answer' || (answer.kind === 'refused' && answer.status === 409)) return true;
    failed('events', problemOf(answer));
    this.#eventsFrom = performance.now() + EVENT_PAUSE_MILLISECONDS;
    return false;
  }
}

function resultOf(answer: ApiAnswer): WriteResult {
  if (answer.kind === 'answer') return 'written';
  if (answer.kind === 'failed') return 'unknown';
  switch (answer.status) {
    case 409:
      return 'conflict';
    case 404:
      return 'gone';
    case 401:
    case 403:
      return 'denied';
    case 400:
    case 413:
    case 422:
      return 'rejected';
    default:
      return 'unknown';
  }
}

function problemOf(answer: { readonly status: number } | { readonly what: string }): string {
  return 'what' in answer ? answer.what : `status ${answer.status}`;
}
