/** One request and its answer over a connection, with limits on time and size. */
import { ABORTED, type Answer, type RequestLimits, TIMEOUT, TRUNCATED } from '../../runtime/answer.ts';
import type { Connection, Receiver } from './connection.ts';
import { ResponseReader } from './response-reader.ts';

export interface ExchangeOptions {
  /** Head and body. */
  readonly request: Buffer;
  readonly limits: RequestLimits;
  readonly signal: AbortSignal | undefined;
}

export class Exchange implements Receiver {
  readonly #request: Buffer;
  readonly #limits: RequestLimits;
  readonly #signal: AbortSignal | undefined;
  readonly #reader: ResponseReader;
  #total: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #connection: Connection | undefined;
  #done: ((answer: Answer) => void) | undefined;

  /** @param done is called once, later */
  constructor({ request, limits, signal }: ExchangeOptions, done: (answer: Answer) => void) {
    this.#request = request;
    this.#limits = limits;
    this.#signal = signal;
    this.#reader = new ResponseReader(limits.bytes);
    this.#done = done;
    signal?.addEventListener('abort', this.#abort);
  }

  /** Whether there is an answer. */
  get isOver(): boolean {
    return this.#done === undefined;
  }

  /** Sends the request over a connection, as soon as it is ready. The limits on time apply from now on. */
  begin(connection: Connection): void {
    const { silence, total } = this.#limits;
    this.#total = setTimeout(() => this.fail(TIMEOUT), total);
    if (silence !== undefined) this.#silence = setTimeout(() => this.fail(TIMEOUT), silence);
    this.#connection = connection;
    connection.begin(this);
  }

  onProgress(): void {
    this.#silence?.refresh();
  }

  onReady(): void {
    this.#connection?.write(this.#request);
  }

  onData(bytes: Buffer): void {
    this.#silence?.refresh();
    const code = this.#reader.read(bytes);
    if (code !== undefined) this.fail(code);
    else this.#complete();
  }

  onEnd(): void {
    if (this.#reader.end() === undefined) this.#complete();
  }

  onClose(code: string): void {
    this.fail(this.#reader.status === undefined ? code : TRUNCATED);
  }

  /** Ends the exchange without an answer. */
  fail(code: string): void {
    this.#end({ ok: false, code }, false);
  }

  #complete(): void {
    const { response, isKept } = this.#reader;
    if (response !== undefined) this.#end(response, isKept);
  }

  #end(answer: Answer, isKept: boolean): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    clearTimeout(this.#total);
    clearTimeout(this.#silence);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#connection?.finish(isKept);
    done(answer);
  }

  readonly #abort = (): void => this.fail(ABORTED);
}
