/**
 * Writes lines to a file descriptor through a buffer, so that a line costs no system call. pino's own destination is as
 * fast, but its flush never returns if the reader of standard output is closed.
 */
import { write, writeSync } from 'node:fs';

/** Characters in the buffer that start a write. */
const ENOUGH_CHARACTERS = 16 * 1024;
/** The longest time that a line waits for a write. */
const LONGEST_WAIT_MILLISECONDS = 200;
/** If the reader stops reading, further lines are dropped, so that the process does not grow. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
const RETRY_MILLISECONDS = 50;

export class BufferedOutput {
  readonly #descriptor: number;
  #lines: string[] = [];
  #characters = 0;
  /** The rest of the current write. */
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

  /** Writes everything; stops after one second if a non-blocking pipe is full. Lines of a write in progress may appear twice. */
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
      // A flush has written this in the meantime.
      if (this.#pending !== pending) return;
      if (error !== null && isFull(error)) {
        this.#timer ??= setTimeout(() => this.#start(), RETRY_MILLISECONDS).unref();
        return;
      }
      // Any other error means that the reader is closed: the program continues without a log.
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

/** Whether the pipe is full because its reader is slow. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
