/**
 * Keeps the answer to "can this cluster set native variables" current, in the background: reviews only ever read what
 * was found last. This is best effort, since an old node can join a moment later; what makes sure is the check
 * container in each pod.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { NativeSupport } from '../../core/settings.ts';
import type { ClusterApi } from '../../kubernetes/api-client.ts';
import { NATIVE_OFF, type NativeSetting } from '../../runtime/settings/injection.ts';
import { type Finding, findNativeSupport } from './native-support.ts';

export interface NativeWatchTimes {
  /** Between two checks that were answered, give or take a tenth. */
  readonly intervalMilliseconds: number;
  /** The same after a check that was not, if that is sooner. */
  readonly failedIntervalMilliseconds: number;
  /** For a whole check with its attempts. Readiness waits for the first for no longer. */
  readonly checkMilliseconds: number;
  /** Before the second attempt; twice as long before the third. */
  readonly pauseMilliseconds: number;
}

export interface NativeWatchParts {
  readonly setting: NativeSetting;
  readonly api: ClusterApi;
  readonly times: NativeWatchTimes;
  /** Called with the first verdict, and whenever it changes. */
  readonly use: (support: NativeSupport) => void;
  /** Told when the cluster cannot be asked; once for each different trouble. */
  readonly complain: (problem: string) => void;
}

export const DEFAULT_NATIVE_TIMES: NativeWatchTimes = {
  intervalMilliseconds: 300_000,
  failedIntervalMilliseconds: 30_000,
  checkMilliseconds: 15_000,
  pauseMilliseconds: 1_000,
};

const ATTEMPTS = 3;
/** So many checks in a row may fail before the last answer is given up: about five minutes. */
export const KEPT_CHECKS = 10;

export class NativeWatch {
  readonly #parts: NativeWatchParts;
  readonly #stopping = new AbortController();
  #verdict: NativeSupport | undefined;
  /** Whether the cluster has ever told it, so that it is worth keeping. */
  #isAnswered = false;
  #failures = 0;
  #trouble: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: NativeWatchParts) {
    this.#parts = parts;
  }

  /** Whether there is a verdict: the first check is over, whatever came of it. */
  get isSettled(): boolean {
    return this.#verdict !== undefined;
  }

  /** Begins. Resolves after the first check; nobody needs to wait for that. Never rejects. */
  async start(): Promise<void> {
    if (this.#parts.setting === 'off') this.#use(NATIVE_OFF);
    else await this.#check(this.#parts.setting);
  }

  /** Ends what is under way. From here on nothing is called any more. */
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
    // Jitter, or replicas that started together would ask together for good.
    this.#timer = setTimeout(() => void this.#check(setting), pause * (0.9 + Math.random() / 5)).unref();
  }

  /** One check: several attempts, within one limit. */
  async #find(setting: 'on' | 'auto'): Promise<Finding> {
    const { api, times } = this.#parts;
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, times.checkMilliseconds);
    this.#stopping.signal.addEventListener('abort', end);
    try {
      let finding = await findNativeSupport(setting, api, over.signal);
      for (let attempt = 1; attempt < ATTEMPTS && isWorthAnother(finding); attempt += 1) {
        const pause = times.pauseMilliseconds * attempt * (0.5 + Math.random() / 2);
        await delay(pause, undefined, { signal: over.signal }).catch(() => undefined);
        if (over.signal.aborted) return finding;
        finding = await findNativeSupport(setting, api, over.signal);
      }
      return finding;
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener('abort', end);
    }
  }

  #take({ support, failed }: Finding): void {
    if (failed !== undefined && failed !== this.#trouble) this.#parts.complain(failed);
    this.#trouble = failed;
    this.#failures = failed === undefined ? 0 : this.#failures + 1;
    if (failed !== undefined && this.#isAnswered && this.#failures <= KEPT_CHECKS) return;
    this.#isAnswered = failed === undefined;
    this.#use(support);
  }

  #use(support: NativeSupport): void {
    const before = this.#verdict;
    this.#verdict = support;
    if (JSON.stringify(before) !== JSON.stringify(support)) this.#parts.use(support);
  }
}

function isWorthAnother({ failed, lasting }: Finding): boolean {
  return failed !== undefined && lasting !== true;
}
