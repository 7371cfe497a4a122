/**
 * Checks in the background whether the cluster supports a feature. Reviews only read the last result. An old node may join at
 * any time, so the result is best effort; for native variables, the kubelet check in each pod makes sure.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Unsupported } from '../../core/settings.ts';
import type { ClusterApi } from '../../kubernetes/api-client.ts';
import { type Feature, type Finding, findSupport } from './native-support.ts';

export interface NativeWatchTimes {
  /** Between two successful checks, plus or minus a tenth. */
  readonly intervalMilliseconds: number;
  /** The same after a failed check, if that is sooner. */
  readonly failedIntervalMilliseconds: number;
  /** For one check with all attempts. Readiness waits at most this long for the first check. */
  readonly checkMilliseconds: number;
  /** Before the second attempt; twice as long before the third one. */
  readonly pauseMilliseconds: number;
}

/** `on` if the operator states that the cluster has the feature. */
export type NativeSetting = 'on' | 'off' | 'auto';

export interface NativeWatchParts<S> {
  readonly feature: Feature<S>;
  readonly setting: NativeSetting;
  readonly api: ClusterApi;
  readonly times: NativeWatchTimes;
  /** Called with the first result, and whenever the result changes. */
  readonly use: (support: S | Unsupported) => void;
  /** Called when the API server does not answer, once for each different failure. */
  readonly report: (problem: string) => void;
}

export const DEFAULT_NATIVE_TIMES: NativeWatchTimes = {
  intervalMilliseconds: 300_000,
  failedIntervalMilliseconds: 30_000,
  checkMilliseconds: 15_000,
  pauseMilliseconds: 1_000,
};

const ATTEMPTS = 3;
/** The number of failed checks in a row before the last result is dropped, about five minutes. */
export const KEPT_CHECKS = 10;

export class NativeWatch<S> {
  readonly #parts: NativeWatchParts<S>;
  readonly #stopping = new AbortController();
  #verdict: S | Unsupported | undefined;
  /** Whether the result comes from a successful check, so that it is kept for a while. */
  #isAnswered = false;
  #failures = 0;
  #trouble: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: NativeWatchParts<S>) {
    this.#parts = parts;
  }

  /** Whether the first check is done, successfully or not. */
  get isSettled(): boolean {
    return this.#verdict !== undefined;
  }

  /** Starts. Resolves after the first check. Never rejects. */
  async start(): Promise<void> {
    const { setting, feature } = this.#parts;
    if (setting === 'off') this.#use(feature.off);
    else await this.#check(setting);
  }

  /** Stops all checks. No callback is called afterwards. */
  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  async #check(setting: 'on' | 'auto'): Promise<void> {
    const finding = await this.#find(setting);
    if (this.#stopping.signal.aborted) return;
    this.#take(finding);
    const { intervalMilliseconds, failedIntervalMilliseconds } = this.#parts.times;
    const isFailed = finding.failed !== undefined;
    const pause = isFailed
      ? Math.min(intervalMilliseconds, failedIntervalMilliseconds)
      : intervalMilliseconds;
    // Jitter, so that replicas that started together do not send their requests together.
    this.#timer = setTimeout(() => void this.#check(setting), pause * (0.9 + Math.random() / 5)).unref();
  }

  /** One check: several attempts within one time limit. */
  async #find(setting: 'on' | 'auto'): Promise<Finding<S>> {
    const { api, times, feature } = this.#parts;
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, times.checkMilliseconds);
    this.#stopping.signal.addEventListener('abort', end);
    try {
      let finding = await findSupport(feature, setting, api, over.signal);
      for (let attempt = 1; attempt < ATTEMPTS && isWorthAnother(finding); attempt += 1) {
        const pause = times.pauseMilliseconds * attempt * (0.5 + Math.random() / 2);
        await delay(pause, undefined, { signal: over.signal }).catch(() => undefined);
        if (over.signal.aborted) return finding;
        finding = await findSupport(feature, setting, api, over.signal);
      }
      return finding;
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener('abort', end);
    }
  }

  #take({ support, failed }: Finding<S>): void {
    if (failed !== undefined && failed !== this.#trouble) this.#parts.report(failed);
    this.#trouble = failed;
    this.#failures = failed === undefined ? 0 : this.#failures + 1;
    if (failed !== undefined && this.#isAnswered && this.#failures <= KEPT_CHECKS) return;
    this.#isAnswered = failed === undefined;
    this.#use(support);
  }

  #use(support: S | Unsupported): void {
    const before = this.#verdict;
    this.#verdict = support;
    if (JSON.stringify(before) !== JSON.stringify(support)) this.#parts.use(support);
  }
}

function isWorthAnother({ failed, lasting }: Finding<unknown>): boolean {
  return failed !== undefined && lasting !== true;
}
