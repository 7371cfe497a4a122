/**
 * Creates Kubernetes Events for rejections by the operator's policy, in the background: a review only adds to a list. A
 * controller that tries again and again makes one Event, whose count increases. Whatever is rejected, and however often, the
 * list, the number of requests and what a failure costs are limited.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { ClusterApi } from '../../kubernetes/api-client.ts';
import type { Denial } from './denial.ts';

export interface DenialEventsParts {
  readonly api: ClusterApi;
  count(result: EventResult): void;
  /** Called when an Event cannot be written, and not again before one was written. */
  report(problem: string): void;
  /** By default, those below. Tests use shorter ones. */
  readonly times?: Partial<EventTimes>;
}

/** Written; not written because the API server did not accept it; not written because there were too many. */
export type EventResult = 'written' | 'failed' | 'dropped';

export interface EventTimes {
  /** Between two requests, once those that can be sent at once are used up. */
  readonly requestMilliseconds: number;
  /** Between two writes of the same Event. */
  readonly updateMilliseconds: number;
  /** After a failure. */
  readonly pauseMilliseconds: number;
  /** After which a repetition is a new Event. */
  readonly forgetMilliseconds: number;
}

const TIMES: EventTimes = {
  requestMilliseconds: 1_000,
  updateMilliseconds: 30_000,
  pauseMilliseconds: 60_000,
  // As the Events of Kubernetes itself.
  forgetMilliseconds: 360_000,
};

/** Requests that can be sent at once. */
const BURST = 20;
/** Different Events that are known at a time, about 2 KB each. */
const MOST_SERIES = 256;
const MOST_ANSWER_BYTES = 64 * 1024;
/** Statuses that say nothing about other Events: invalid, no such namespace, unprocessable. */
const OF_ONE_EVENT: ReadonlySet<number> = new Set([400, 404, 422]);

/** One Event. */
interface Series {
  readonly denial: Denial;
  readonly name: string;
  readonly since: number;
  count: number;
  last: number;
  /** When to write it, if there is something to write. */
  due: number | undefined;
  writtenAt: number | undefined;
}

export class DenialEvents {
  readonly #parts: DenialEventsParts;
  readonly #times: EventTimes;
  readonly #stopping = new AbortController();
  /** The oldest first. */
  readonly #series = new Map<string, Series>();
  #requests = BURST;
  #refilledAt = Date.now();
  #pausedUntil = 0;
  #isFailing = false;
  #isWriting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: DenialEventsParts) {
    this.#parts = parts;
    this.#times = { ...TIMES, ...parts.times };
  }

  /** Notes a rejection. Returns at once. */
  add(denial: Denial): void {
    const now = Date.now();
    const key = JSON.stringify(denial);
    const known = this.#series.get(key);
    if (known !== undefined && now - known.last < this.#times.forgetMilliseconds) {
      known.count += 1;
      known.last = now;
      known.due ??= known.writtenAt === undefined ? now : known.writtenAt + this.#times.updateMilliseconds;
    } else if (this.#makeRoom(key)) {
      const name = `aws-secrets-injector.${randomBytes(8).toString('hex')}`;
      this.#series.set(key, {
        denial,
        name,
        since: now,
        count: 1,
        last: now,
        due: now,
        writtenAt: undefined,
      });
    } else {
      this.#parts.count('dropped');
      return;
    }
    this.#plan();
  }

  /** Stops. What was not written is lost. */
  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  /** @returns whether there is room for one more series */
  #makeRoom(key: string): boolean {
    this.#series.delete(key);
    if (this.#series.size < MOST_SERIES) return true;
    const written = [...this.#series].find(([, { due }]) => due === undefined);
    if (written === undefined) return false;
    this.#series.delete(written[0]);
    return true;
  }

  /** Plans the next request. */
  #plan(): void {
    if (this.#isWriting || this.#stopping.signal.aborted) return;
    let next: Series | undefined;
    for (const one of this.#series.values())
      if (one.due !== undefined && (next?.due === undefined || one.due < next.due)) next = one;
    if (next?.due === undefined) return;
    const now = Date.now();
    const at = Math.max(next.due, this.#pausedUntil, now + this.#waitForRequest(now));
    clearTimeout(this.#timer);
    const write = next;
    this.#timer = setTimeout(() => void this.#write(write), at - now).unref();
  }

  /** @returns milliseconds until the next request may be sent */
  #waitForRequest(now: number): number {
    const { requestMilliseconds } = this.#times;
    const more = Math.floor((now - this.#refilledAt) / requestMilliseconds);
    this.#requests = Math.min(BURST, this.#requests + more);
    this.#refilledAt += more * requestMilliseconds;
    return this.#requests > 0 ? 0 : this.#refilledAt + requestMilliseconds - now;
  }

  async #write(series: Series): Promise<void> {
    this.#isWriting = true;
    this.#requests -= 1;
    series.due = undefined;
    const { denial, name } = series;
    const namespace = denial.regarding.namespace;
    const answer = await this.#parts.api.ask(
      {
        // An apply request creates the Event, or changes it: also one that has expired in the meantime.
        path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events/${name}?fieldManager=aws-secrets-injector&force=true`,
        accept: 'application/json',
        mostBytes: MOST_ANSWER_BYTES,
        patch: { contentType: 'application/apply-patch+yaml', body: JSON.stringify(eventOf(series)) },
      },
      this.#stopping.signal,
    );
    this.#isWriting = false;
    if (this.#stopping.signal.aborted) return;
    const problem = answer.kind === 'answer' ? undefined : problemOf(answer);
    this.#parts.count(problem === undefined ? 'written' : 'failed');
    if (problem === undefined) series.writtenAt = Date.now();
    else {
      // Whoever sends reviews chooses their namespaces: one that does not exist must not delay the Events of others.
      if (answer.kind !== 'refused' || !OF_ONE_EVENT.has(answer.status))
        this.#pausedUntil = Date.now() + this.#times.pauseMilliseconds;
      if (!this.#isFailing) this.#parts.report(problem);
    }
    this.#isFailing = problem !== undefined;
    this.#plan();
  }
}

function eventOf({ denial, name, since, count, last }: Series): object {
  const { regarding, reason, note } = denial;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: regarding.namespace },
    type: 'Warning',
    action: 'Inject',
    reportingController: 'secrets-injector.dev/webhook',
    // The name of the pod of this replica.
    reportingInstance: hostname().slice(0, 128),
    eventTime: microTime(since),
    regarding,
    reason,
    note,
    ...(count > 1 ? { series: { count, lastObservedTime: microTime(last) } } : {}),
  };
}

/** Kubernetes requires six digits. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

function problemOf(answer: { readonly status: number } | { readonly what: string }): string {
  if ('what' in answer) return `the API server did not answer (${answer.what})`;
  return answer.status === 403
    ? 'the service account of the webhook is not allowed to (see manifests/components/events), or the namespace is about to be deleted'
    : `the API server answered with HTTP status ${answer.status}`;
}
