/** Follows a file of the operator while the webhook runs: kubelet updates a mounted ConfigMap. */
import type { Result } from '../core/problems/result.ts';

export interface FileWatchParts<T> {
  /** Reads the file, or says what is wrong with it. */
  readonly read: () => Result<T, string>;
  /** Whether two contents are equal. */
  readonly isSame: (one: T, other: T) => boolean;
  /** Called with the content when it changes, and when it is valid again. */
  readonly use: (content: T) => void;
  /** Called when the file cannot be used. The last content stays in use. */
  readonly report: (problem: string) => void;
  readonly checkMilliseconds?: number | undefined;
}

const DEFAULT_CHECK_MILLISECONDS = 30_000;

export class FileWatch<T> {
  readonly #parts: FileWatchParts<T>;
  #timer: NodeJS.Timeout | undefined;
  #current: { readonly content: T } | undefined;
  #problem: string | undefined;

  constructor(parts: FileWatchParts<T>) {
    this.#parts = parts;
  }

  /** Reads the file now and at intervals. */
  start(): void {
    this.#check();
    const { checkMilliseconds = DEFAULT_CHECK_MILLISECONDS } = this.#parts;
    this.#timer = setInterval(() => this.#check(), checkMilliseconds).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const { read, isSame, use, report } = this.#parts;
    const found = read();
    const before = this.#problem;
    this.#problem = found.ok ? undefined : found.problem;
    if (!found.ok) {
      if (found.problem !== before) report(found.problem);
      return;
    }
    const current = this.#current;
    if (current !== undefined && before === undefined && isSame(found.value, current.content)) return;
    this.#current = { content: found.value };
    use(found.value);
  }
}
