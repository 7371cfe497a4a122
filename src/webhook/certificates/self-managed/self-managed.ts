/**
 * Certificates that the webhook manages itself. The CA is in one Secret, and each replica signs its own certificate in memory.
 * All replicas do the same without a leader: every write fails if another replica was first. A new CA is added to `caBundle`
 * of the registrations before a certificate of it is used, and an old one stays until it expires.
 */
import { type ClusterPlace, makeClusterApi } from '../../../kubernetes/api-client.ts';
import { followChanges } from '../../../kubernetes/changes.ts';
import type { CertificatePair } from '../pair.ts';
import type { CertificateListener, CertificateSource } from '../source.ts';
import {
  type Authority,
  createAuthority,
  isValid,
  readAuthority,
  renewalTime,
  secretData,
} from './authority.ts';
import { completeBundle, contains } from './ca-bundle.ts';
import { ClusterClock } from './cluster-clock.ts';
import { ApiTrouble, ClusterObjects, type ObjectNames, type Registration } from './cluster-objects.ts';
import { chooseSigner, type Leaf, signLeaf } from './leaf.ts';
import { type CheckResult, Schedule } from './schedule.ts';
import { Trust } from './trust.ts';

export interface SelfManagedOptions extends ObjectNames {
  readonly place: ClusterPlace;
  /** The DNS names of the certificates. */
  readonly dnsNames: readonly string[];
  /** In milliseconds. */
  readonly caLifetime: number;
  readonly certificateLifetime: number;
  /** Between two checks without a change, plus or minus a tenth. */
  readonly checkMilliseconds?: number;
  readonly clock?: ClusterClock;
}

const DEFAULT_CHECK_MILLISECONDS = 30_000;
/** No check waits longer for the API server. */
const DEADLINE_MILLISECONDS = 15_000;
/** Nor longer than this part of the lifetime of a certificate, the last third of which is left to renew it. */
const DEADLINE_PART = 10;

export class SelfManagedCertificates implements CertificateSource {
  readonly #options: SelfManagedOptions;
  readonly #listener: CertificateListener;
  readonly #clock: ClusterClock;
  readonly #objects: ClusterObjects;
  readonly #trust: Trust;
  readonly #schedule: Schedule;
  readonly #stopping = new AbortController();
  /** The CA in the Secret, as last read. */
  #authority: Authority | undefined;
  #leaf: Leaf | undefined;
  #trouble: string | undefined;
  #state = '';

  constructor(options: SelfManagedOptions, listener: CertificateListener) {
    this.#options = options;
    this.#listener = listener;
    this.#clock = options.clock ?? new ClusterClock();
    this.#trust = new Trust(options.certificateLifetime);
    const interval = options.checkMilliseconds ?? DEFAULT_CHECK_MILLISECONDS;
    this.#schedule = new Schedule(() => this.#check(), interval);
    this.#objects = new ClusterObjects(makeClusterApi(options.place), options, (at) => this.#clock.set(at));
  }

  get current(): CertificatePair | undefined {
    return this.#leaf?.pair;
  }

  get problem(): string | undefined {
    const trouble = this.#trouble === undefined ? '' : `: ${this.#trouble}`;
    if (this.#leaf === undefined) return `no certificate yet${trouble}`;
    if (this.#trust.has(this.#leaf.authority)) return undefined;
    return `caBundle of ${this.#options.registrations.join(' or ')} does not contain the CA yet${trouble}`;
  }

  now(): number {
    return this.#clock.now();
  }

  async start(): Promise<void> {
    await this.#schedule.run();
    const { signal } = this.#stopping;
    for (const place of this.#objects.places)
      void followChanges({
        ...place,
        place: this.#options.place,
        signal,
        changed: () => this.#schedule.react(),
      });
  }

  stop(): void {
    this.#stopping.abort();
    this.#schedule.stop();
  }

  /** One check. Its steps do not depend on each other's success: without the API server, certificates are still renewed. */
  async #check(): Promise<CheckResult> {
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(
      end,
      Math.min(DEADLINE_MILLISECONDS, this.#options.certificateLifetime / DEADLINE_PART),
    );
    this.#stopping.signal.addEventListener('abort', end);
    const troubles: unknown[] = [];
    for (const step of [
      () => this.#provideCa(over.signal),
      () => this.#publish(over.signal),
      () => this.#sign(),
    ]) {
      try {
        await step();
      } catch (error) {
        troubles.push(error);
      }
    }
    clearTimeout(timer);
    this.#stopping.signal.removeEventListener('abort', end);
    if (!this.#stopping.signal.aborted) this.#report(troubles);
    return { result: resultOf(troubles), dueIn: this.#dueIn() };
  }

  /** Reads the CA. Creates one if there is none, or if it is due. */
  async #provideCa(signal: AbortSignal): Promise<void> {
    const secret = await this.#objects.readSecret(signal);
    const now = this.now();
    const read = readAuthority(secret.data);
    const present = read.ok && isValid(read.value.x509, now) ? read.value : undefined;
    this.#authority = present;
    if (present !== undefined && now < renewalTime(present.x509)) return;
    const made = await createAuthority(now, this.#options.caLifetime);
    await this.#objects.writeSecret(secret, secretData(made), signal);
    this.#authority = made;
    const why =
      present !== undefined ? 'is due' : read.ok ? 'is not valid now' : `: the Secret ${read.problem}`;
    this.#listener.wrote(`created a CA, because the last one ${why}`, 'secret');
  }

  /** Adds the CAs in use to the registrations, wherever they are missing. */
  async #publish(signal: AbortSignal): Promise<void> {
    const needed = [this.#authority, this.#leaf?.authority].filter((one) => one !== undefined);
    const registrations: Registration[] = [];
    for (const found of await this.#objects.readRegistrations(signal)) {
      const present = found.webhooks.map(({ caBundle }) => caBundle);
      const complete = completeBundle(present, needed, this.now());
      const isComplete = present.every((one) => one === complete);
      if (isComplete || needed.length === 0) registrations.push(found);
      else {
        registrations.push(await this.#objects.writeBundle(found, complete, signal));
        this.#schedule.wrote();
        this.#listener.wrote(`set caBundle of ${found.name}`, 'registration');
      }
    }
    if (registrations.length === 0)
      throw new ApiTrouble(`MutatingWebhookConfiguration ${this.#options.registrations[0]} does not exist`);
    const bundles = registrations.flatMap(({ webhooks }) => webhooks.map(({ caBundle }) => caBundle));
    const isEverywhere = (one: Authority): boolean => bundles.every((pem) => contains(pem, one));
    this.#trust.set(bundles.length === 0 ? [] : needed.filter(isEverywhere), this.now());
  }

  /** Signs a certificate if there is a reason to. */
  async #sign(): Promise<void> {
    const now = this.now();
    const signer = chooseSigner({
      leaf: this.#leaf,
      authority: this.#authority,
      isTrusted: (one) => this.#trust.has(one),
      isSettled: (one) => this.#trust.isSettled(one, now),
      now,
    });
    if (signer !== undefined) {
      const { dnsNames, certificateLifetime } = this.#options;
      const leaf = await signLeaf(signer, dnsNames, certificateLifetime, now);
      this.#listener.use(leaf.pair);
      this.#leaf = leaf;
    }
    this.#tellAuthority();
  }

  #tellAuthority(): void {
    if (this.#leaf === undefined) return;
    const { authority } = this.#leaf;
    const state = { expiry: authority.x509.validToDate.getTime(), isTrusted: this.#trust.has(authority) };
    if (JSON.stringify(state) === this.#state) return;
    this.#state = JSON.stringify(state);
    this.#listener.authority(state);
  }

  #report(troubles: readonly unknown[]): void {
    const [first] = troubles.filter((one) => !isConflict(one));
    const trouble =
      first === undefined || first instanceof ApiTrouble
        ? first?.message
        : 'the certificate cannot be signed';
    if (trouble !== undefined && trouble !== this.#trouble) this.#listener.report(trouble);
    this.#trouble = trouble;
  }

  /** Milliseconds until a certificate is renewed, or a new CA can sign. */
  #dueIn(): readonly number[] {
    const now = this.now();
    const certificates = [this.#leaf?.pair.leaf, this.#authority?.x509].filter((one) => one !== undefined);
    const settled = this.#authority === undefined ? [] : this.#trust.settlesIn(this.#authority, now);
    return [...certificates.map((one) => renewalTime(one) - now), ...settled];
  }
}

function isConflict(trouble: unknown): boolean {
  return trouble instanceof ApiTrouble && trouble.isConflict;
}

function resultOf(troubles: readonly unknown[]): CheckResult['result'] {
  if (troubles.length === 0) return 'done';
  return troubles.every(isConflict) ? 'conflict' : 'failed';
}
