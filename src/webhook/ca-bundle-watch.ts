/** Follows the file with certificate authorities while the webhook runs: kubelet updates a mounted ConfigMap. */
import { readCaBundle } from '../runtime/settings/ca-bundle.ts';

export interface CaBundleListener {
  /** Called with the certificates when they change. */
  use(pem: string): void;
  /** Called when the file cannot be used. The last certificates stay in use. */
  report(problem: string): void;
}

const DEFAULT_CHECK_MILLISECONDS = 30_000;

export class CaBundleWatch {
  readonly #file: string;
  readonly #listener: CaBundleListener;
  readonly #checkMilliseconds: number;
  #timer: NodeJS.Timeout | undefined;
  #current: string | undefined;
  #problem: string | undefined;

  constructor(file: string, listener: CaBundleListener, checkMilliseconds = DEFAULT_CHECK_MILLISECONDS) {
    this.#file = file;
    this.#listener = listener;
    this.#checkMilliseconds = checkMilliseconds;
  }

  /** Reads the file now and at intervals. */
  start(): void {
    this.#check();
    this.#timer = setInterval(() => this.#check(), this.#checkMilliseconds).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const read = readCaBundle(this.#file);
    const problem = read.ok ? undefined : read.problem;
    if (problem !== undefined && problem !== this.#problem) this.#listener.report(problem);
    this.#problem = problem;
    if (!read.ok || read.value === this.#current) return;
    this.#current = read.value;
    this.#listener.use(read.value);
  }
}
