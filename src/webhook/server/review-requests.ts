/**
 * Reads, decides and answers a review with Node's request and response. Requests that are obviously reviews of an API server
 * come here directly; Fastify's route, which contains all refusals, sends the others.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Mutate } from '../review/mutate.ts';
import { MUTATE_PATH } from '../review/mutate-path.ts';
import type { FairQueue } from './fair-queue.ts';
import type { InFlight } from './in-flight.ts';
import type { OpenAnswers } from './open-answers.ts';
import { refusalText } from './refusals.ts';

export interface ReviewRequestParts {
  readonly mutate: Mutate;
  readonly countRefused: (status: number) => void;
  readonly countDropped: (reason: 'aborted') => void;
  /** The most bytes of a body. */
  readonly bodyBytes: number;
  readonly bodies: InFlight;
  readonly decisions: FairQueue;
  readonly answers: OpenAnswers;
  /** Whether an answer closes its connection, checked when the answer is made. */
  readonly isClosing: () => boolean;
}

/** What a chunk takes besides its bytes: a client may send a byte at a time. */
const CHUNK_BYTES = 512;

/** An answer that a connection takes at once. */
const SMALL_BYTES = 64 * 1024;
/** A decision takes at most about 16 ms for each MiB of its body. */
const BYTES_EACH_MILLISECOND = 64 * 1024;

/** Connections that close after a refusal, whatever else they bring. */
const refused = new WeakSet<Socket>();

/** Whether a request is obviously a review. */
export function isReviewRequest({ method, url = '', headers }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    (url === MUTATE_PATH || url.startsWith(`${MUTATE_PATH}?`)) &&
    headers['content-type'] === 'application/json' &&
    headers['content-length'] !== undefined &&
    headers.expect === undefined
  );
}

/** Reads the body and answers. A request that is aborted needs no answer. */
export function answerReview(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ReviewRequestParts,
): void {
  // A refused connection is about to close.
  if (refused.has(request.socket)) return;
  parts.answers.taken(request.socket);
  const exchange = new Exchange(request, response, parts);
  // Node's parser rejects a length together with an encoding, and ends a body at its length.
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (Number.isNaN(length)) exchange.refuseUnread(411);
  else if (length > parts.bodyBytes) exchange.refuseUnread(413);
  else exchange.read();
}

class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #parts: ReviewRequestParts;

  constructor(request: IncomingMessage, response: ServerResponse, parts: ReviewRequestParts) {
    this.#request = request;
    this.#response = response;
    this.#parts = parts;
  }

  read(): void {
    const { bodies, decisions } = this.#parts;
    const address = this.#request.socket.remoteAddress ?? '';
    let chunks: Buffer[] = [];
    let length = 0;
    // Until the decision: a body that waits for it takes memory, too.
    const entry = bodies.begin(address, () => {
      chunks = [];
      this.refuseUnread(503);
    });
    this.#request.on('data', (chunk: Buffer) => {
      if (this.#response.headersSent) return;
      chunks.push(chunk);
      length += chunk.length;
      entry.grow(chunk.length + CHUNK_BYTES);
    });
    this.#request.once('end', () => {
      entry.complete();
      const isDone = decisions.add(address, length / BYTES_EACH_MILLISECOND, () => {
        entry.end();
        const body = chunks;
        chunks = [];
        if (!this.#response.headersSent && !this.#request.socket.destroyed) this.#decide(body);
      });
      const { socket } = this.#request;
      if (!isDone || socket.writableLength > SMALL_BYTES) this.#answerFirst(socket);
    });
    this.#request.once('close', () => {
      if (this.#request.complete) return;
      entry.end();
      if (!this.#response.headersSent) this.#parts.countDropped('aborted');
    });
  }

  /** Reads no further requests of a client before it has taken the answer: they would take memory and time. */
  #answerFirst(socket: Socket): void {
    if (socket.destroyed) return;
    socket.pause();
    this.#response.once('close', () => socket.resume());
  }

  /** Refuses a request whose body was not read, and closes the connection: the rest of the body may never come. */
  refuseUnread(status: number): void {
    this.#parts.countRefused(status);
    refused.add(this.#request.socket);
    this.#response.shouldKeepAlive = false;
    this.#send(status, refusalText(status));
    this.#response.once('finish', () => this.#request.socket.destroySoon());
  }

  #decide(chunks: readonly Buffer[]): void {
    const [first, second] = chunks;
    const body = first !== undefined && second === undefined ? first : Buffer.concat(chunks);
    const { status, text } = answerTo(body, this.#request.headers['traceparent'], this.#parts);
    if (status !== 200) this.#parts.countRefused(status);
    this.#send(status, text);
  }

  #send(status: number, text: string): void {
    const response = this.#response;
    const bytes = Buffer.byteLength(text);
    if (this.#parts.isClosing()) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes });
    // Latin-1 is cheaper to write, and the same for ASCII.
    response.end(text, bytes === text.length ? 'latin1' : 'utf8');
    this.#parts.answers.sent(this.#request.socket, response, bytes);
  }
}

function answerTo(
  body: Buffer,
  traceparent: string | string[] | undefined,
  parts: ReviewRequestParts,
): { readonly status: number; readonly text: string } {
  try {
    const text = parts.mutate(body, typeof traceparent === 'string' ? traceparent : undefined);
    return text === undefined ? { status: 400, text: refusalText(400) } : { status: 200, text };
  } catch {
    return { status: 500, text: refusalText(500) };
  }
}
