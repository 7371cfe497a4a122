/**
 * Reads one response of HTTP/1.1 from the bytes of a connection. What is not certain is an error: AWS sends responses in the
 * plainest form.
 */
import { type Received, TOO_LARGE, TRUNCATED, UNREADABLE } from '../../runtime/answer.ts';
import { Body } from './body.ts';
import { type ResponseHead, readField, readResponseHead } from './head.ts';

/** Of all heads, interim ones too, of extensions of chunks, and of what follows the last chunk. Node.js allows as much for a head. */
const MOST_HEAD_BYTES = 16 * 1024;
/** Of the line before a chunk, with its extensions. */
const MOST_LINE_BYTES = 1024;
const CHUNK_LINE = /^([0-9a-fA-F]{1,8})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=[!#$%&'*+.^_`|~0-9A-Za-z-]+)?)*$/;
/** Headers that say where the body ends cannot follow it. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);
const LINE_END = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.of();
const CR = 13;

/** What is read next. */
type Part = 'head' | 'body' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailer' | 'complete';

export class ResponseReader {
  readonly #most: number;
  readonly #isConnect: boolean;
  #part: Part = 'head';
  /** Bytes that were received and not read. */
  #rest: Buffer = NOTHING;
  #head: ResponseHead | undefined;
  #body: Body;
  /** Bytes of the body or of the chunk that are missing. */
  #missing = 0;
  #headBytes = 0;

  /** @param most bytes of the body @param isConnect whether the request was CONNECT, whose success has no body */
  constructor(most: number, isConnect = false) {
    this.#most = most;
    this.#isConnect = isConnect;
    this.#body = new Body(0, 0);
  }

  /** The status, once the head is complete. */
  get status(): number | undefined {
    return this.#head?.status;
  }

  get isComplete(): boolean {
    return this.#part === 'complete';
  }

  /** Whether the connection can be used for another request. */
  get isKept(): boolean {
    return this.isComplete && this.#rest.length === 0 && this.#head?.isKept === true;
  }

  /** Bytes after the response. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** The response, once it is complete. */
  get response(): Received | undefined {
    const head = this.#head;
    if (head === undefined || !this.isComplete) return undefined;
    return { ok: true, status: head.status, headers: head.headers, body: this.#body.bytes, peer: undefined };
  }

  /** Reads bytes as they arrive. @returns the code of a failure, after which nothing more can be read */
  read(bytes: Buffer): string | undefined {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const before = this.#rest.length;
      const part = this.#part;
      const code = this.#readPart();
      if (code !== undefined || this.#part === 'complete') return code;
      if (this.#part === part && (this.#rest.length === before || this.#rest.length === 0)) return undefined;
    }
  }

  /** The connection has ended. @returns the code of a failure, unless the response is complete */
  end(): string | undefined {
    if (this.#part === 'body' && this.#head?.framing === 'close') this.#part = 'complete';
    return this.isComplete ? undefined : TRUNCATED;
  }

  /** Reads what there is of the next part. */
  #readPart(): string | undefined {
    switch (this.#part) {
      case 'head':
        return this.#readHead();
      case 'body':
      case 'chunk':
        return this.#readBody();
      case 'chunk-line':
        return this.#readChunkLine();
      case 'chunk-end':
        return this.#line(LINE_END.length, (line) => this.#go(line === '' ? 'chunk-line' : undefined));
      case 'trailer':
        return this.#line(MOST_LINE_BYTES, (line) => this.#readTrailer(line));
      case 'complete':
        return undefined;
    }
  }

  #readHead(): string | undefined {
    const end = this.#rest.indexOf(HEAD_END);
    if (end < 0) {
      // Otherwise, this would wait for the end of lines that end in another way.
      const line = this.#rest.indexOf('\n');
      const isLine = line < 0 || this.#rest[line - 1] === CR;
      return isLine && this.#rest.length <= MOST_HEAD_BYTES ? undefined : UNREADABLE;
    }
    this.#headBytes += end;
    const head = readResponseHead(this.#take(end, HEAD_END.length), this.#isConnect);
    // This client asks for no other protocol.
    if (head === undefined || head.status === 101 || this.#headBytes > MOST_HEAD_BYTES) return UNREADABLE;
    if (head.status < 200) return undefined;
    this.#head = head;
    const { framing } = head;
    if (framing === 0) return this.#go('complete');
    if (framing === 'chunked' || framing === 'close') {
      this.#body = new Body(this.#most);
      this.#missing = Number.POSITIVE_INFINITY;
      return this.#go(framing === 'chunked' ? 'chunk-line' : 'body');
    }
    if (framing > this.#most) return TOO_LARGE;
    this.#body = new Body(framing, framing);
    this.#missing = framing;
    return this.#go('body');
  }

  #readBody(): string | undefined {
    const part = this.#rest.subarray(0, this.#missing);
    this.#rest = this.#rest.subarray(part.length);
    this.#missing -= part.length;
    if (!this.#body.add(part)) return TOO_LARGE;
    if (this.#missing > 0) return undefined;
    return this.#go(this.#part === 'chunk' ? 'chunk-end' : 'complete');
  }

  #readChunkLine(): string | undefined {
    return this.#line(MOST_LINE_BYTES, (line) => {
      const [, size] = CHUNK_LINE.exec(line) ?? [];
      if (size === undefined) return UNREADABLE;
      this.#headBytes += line.length - size.length;
      if (this.#headBytes > MOST_HEAD_BYTES) return UNREADABLE;
      this.#missing = Number.parseInt(size, 16);
      return this.#go(this.#missing === 0 ? 'trailer' : 'chunk');
    });
  }

  /** Reads a line, when it is there. */
  #line(most: number, use: (line: string) => string | undefined): string | undefined {
    const end = this.#rest.indexOf(LINE_END);
    if (end < 0 ? this.#rest.length > most : end > most) return UNREADABLE;
    if (end < 0) return undefined;
    return use(this.#take(end, LINE_END.length));
  }

  /** Nobody needs the fields after the last chunk. */
  #readTrailer(line: string): string | undefined {
    if (line === '') return this.#go('complete');
    this.#headBytes += line.length;
    const name = readField(line)?.name;
    if (name === undefined || FRAMING.has(name)) return UNREADABLE;
    return this.#headBytes > MOST_HEAD_BYTES ? UNREADABLE : undefined;
  }

  /** Takes text, and what ends it. */
  #take(length: number, end: number): string {
    const text = this.#rest.toString('latin1', 0, length);
    this.#rest = this.#rest.subarray(length + end);
    return text;
  }

  #go(part: Part | undefined): string | undefined {
    if (part === undefined) return UNREADABLE;
    this.#part = part;
    return undefined;
  }
}
