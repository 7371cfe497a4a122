/**
 * Lines to a file descriptor, buffered, so that a line costs its writer no system call. pino's own destination does
 * this too, but measures its growing buffer again with every line, which took a tenth of the webhook's throughput.
 */
import { write, writeSync } from 'node:fs';

/** Written when so much has come together, … */
const ENOUGH_CHARACTERS = 16 * 1024;
/** … or when the first line has waited for so long. */
const LONGEST_WAIT_MILLISECONDS = 200;
/** A reader that has stopped reading must not make the process grow: lines beyond this are dropped. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
const RETRY_MILLISECONDS = 50;

export class BufferedOutput {
  readonly #descriptor: number;
  #lines: string[] = [];
  #characters = 0;
  /** What is being written, without what has been. */
  #pending: Buffer | undefined;
  #isWriting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(line: string): void {
    if (this.#characters >= MOST_CHARACTERS) return;
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#characters >= ENOUGH_CHARACTERS) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), LONGEST_WAIT_MILLISECONDS).unref();
  }

  /** Writes everything before it returns. Lines may appear twice where a write was under way. */
  flush(): void {
    let rest = Buffer.concat([this.#pending ?? Buffer.alloc(0), Buffer.from(this.#lines.join(''))]);
    this.#clear();
    this.#pending = undefined;
    const until = performance.now() + 1000;
    while (rest.length > 0 && performance.now() < until) {
      try {
        rest = rest.subarray(writeSync(this.#descriptor, rest));
      } catch (error) {
        if (!isFull(error)) return;
      }
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isWriting) return;
    if (this.#pending === undefined) {
      if (this.#lines.length === 0) return;
      this.#pending = Buffer.from(this.#lines.join(''));
      this.#clear();
    }
    const pending = this.#pending;
    this.#isWriting = true;
    write(this.#descriptor, pending, (error, written) => {
      this.#isWriting = false;
      // A flush meanwhile has written this and more.
      if (this.#pending !== pending) return;
      if (error !== null && isFull(error)) {
        this.#timer ??= setTimeout(() => this.#start(), RETRY_MILLISECONDS).unref();
        return;
      }
      // Any other error means that the reader is gone: the program goes on without a log.
      const rest = error === null ? pending.subarray(written) : Buffer.alloc(0);
      this.#pending = rest.length > 0 ? rest : undefined;
      if (this.#pending !== undefined || this.#characters >= ENOUGH_CHARACTERS) this.#start();
      else if (this.#lines.length > 0) this.write('');
    });
  }

  #clear(): void {
    this.#lines = [];
    this.#characters = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** A pipe whose reader is slow. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
