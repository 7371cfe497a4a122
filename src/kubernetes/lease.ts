/**
 * Leadership by a Lease: one replica holds it, and renews it. A replica that cannot renew it stops being the leader before another
 * one can become it. The Lease needs no clock that replicas share: each measures how long it has seen the same Lease.
 */
import { field, integerField, textField } from '../core/json.ts';
import type { ClusterApi } from './api-client.ts';

export interface LeaseParts {
  readonly api: ClusterApi;
  readonly namespace: string;
  readonly name: string;
  /** Of this replica, such as the name of its pod. */
  readonly identity: string;
  readonly fieldManager: string;
  readonly seconds: number;
  /** Monotonic milliseconds. */
  now(): number;
}

export type LeaseResult = 'held' | 'taken' | 'other' | { readonly failed: string };

const MOST_BYTES = 64 * 1024;

export class Lease {
  readonly #parts: LeaseParts;
  /** Until when this replica is the leader. */
  #until = 0;
  /** The last version of the Lease of another replica, and since when it is known. */
  #seen: { readonly version: string; readonly since: number } | undefined;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** Whether this replica may act. */
  get isHeld(): boolean {
    return this.#parts.now() < this.#until;
  }

  /** Takes or renews the Lease. Call it several times in the time of a Lease. */
  async renew(signal: AbortSignal): Promise<LeaseResult> {
    const { api, now, seconds, identity } = this.#parts;
    const started = now();
    const answer = await api.ask(
      { path: this.#path, accept: 'application/json', mostBytes: MOST_BYTES },
      signal,
    );
    if (answer.kind === 'refused' && answer.status === 404) return await this.#create(signal);
    if (answer.kind !== 'answer') return { failed: problemOf(answer) };
    const spec = field(answer.json, 'spec');
    const version = textField(field(answer.json, 'metadata'), 'resourceVersion') ?? '';
    const holder = textField(spec, 'holderIdentity') ?? '';
    if (holder !== '' && holder !== identity && !this.#hasExpired(spec, version, started)) {
      this.#until = 0;
      return 'other';
    }
    const written = await this.#write(version, this.#specAfter(spec, holder), signal);
    if (written.kind === 'refused' && written.status === 409) return 'other';
    if (written.kind !== 'answer') return { failed: problemOf(written) };
    const result = this.isHeld ? 'held' : 'taken';
    // From before the request, with a margin for a clock that is slower than that of another replica.
    this.#until = started + seconds * 1000 * 0.8;
    return result;
  }

  /** Gives the Lease up, so that another replica need not wait. */
  async release(signal: AbortSignal): Promise<void> {
    if (!this.isHeld) return;
    this.#until = 0;
    const answer = await this.#parts.api.ask(
      { path: this.#path, accept: 'application/json', mostBytes: MOST_BYTES },
      signal,
    );
    if (answer.kind !== 'answer') return;
    if (textField(field(answer.json, 'spec'), 'holderIdentity') !== this.#parts.identity) return;
    const version = textField(field(answer.json, 'metadata'), 'resourceVersion') ?? '';
    await this.#write(version, { holderIdentity: '' }, signal);
  }

  get #path(): string {
    const { namespace, name } = this.#parts;
    return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  }

  #specAfter(spec: unknown, holder: string): object {
    const { identity, seconds } = this.#parts;
    // Kubernetes requires six digits.
    const time = new Date().toISOString().replace('Z', '000Z');
    const isMine = holder === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: seconds,
      renewTime: time,
      ...(isMine
        ? {}
        : { acquireTime: time, leaseTransitions: (integerField(spec, 'leaseTransitions') ?? 0) + 1 }),
    };
  }

  /** Whether the Lease of another replica has not changed for as long as it lasts. */
  #hasExpired(spec: unknown, version: string, now: number): boolean {
    if (this.#seen?.version !== version) this.#seen = { version, since: now };
    const seconds = integerField(spec, 'leaseDurationSeconds') ?? this.#parts.seconds;
    return now - this.#seen.since > seconds * 1000;
  }

  async #write(resourceVersion: string, spec: object, signal: AbortSignal) {
    const { api, fieldManager } = this.#parts;
    return await api.ask(
      {
        path: `${this.#path}?fieldManager=${fieldManager}`,
        accept: 'application/json',
        mostBytes: MOST_BYTES,
        patch: {
          contentType: 'application/merge-patch+json',
          body: JSON.stringify({ metadata: { resourceVersion }, spec }),
        },
      },
      signal,
    );
  }

  /** An apply request with a name, so that the right to create can be limited to this Lease. It changes nothing of one that exists. */
  async #create(signal: AbortSignal): Promise<LeaseResult> {
    const { api, name, namespace, fieldManager } = this.#parts;
    const answer = await api.ask(
      {
        path: `${this.#path}?fieldManager=${fieldManager}`,
        accept: 'application/json',
        mostBytes: MOST_BYTES,
        patch: {
          contentType: 'application/apply-patch+yaml',
          body: JSON.stringify({
            apiVersion: 'coordination.k8s.io/v1',
            kind: 'Lease',
            metadata: { name, namespace },
          }),
        },
      },
      signal,
    );
    return answer.kind === 'answer' ? 'other' : { failed: problemOf(answer) };
  }
}

function problemOf(answer: { readonly status: number } | { readonly what: string }): string {
  return 'what' in answer ? answer.what : `the API server answered with HTTP status ${answer.status}`;
}
