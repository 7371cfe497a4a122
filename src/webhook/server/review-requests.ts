/**
 * The short way of a review: read, decided and answered on Node's own request and response. Fastify's way costs a
 * quarter of what such a server can do, and a review needs nothing of it. Every request that is not plainly a review
 * as API servers send it goes Fastify's way, where all refusals are.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MUTATE_PATH } from '../review/mutate-path.ts';
import { refusalText } from './refusals.ts';

export interface ReviewRequestParts {
  /** Answers the bytes of a review. @returns undefined when no uid could be read */
  readonly mutate: (body: Buffer) => string | undefined;
  readonly countRefused: (status: number) => void;
  /** Bytes of a body that are accepted at most. */
  readonly bodyBytes: number;
  /** Whether an answer closes its connection: asked when it is made, not when the request begins. */
  readonly isClosing: () => boolean;
}

/** Whether a request is plainly a review: its length is known and allowed, so that its body needs no watching. */
export function isReviewRequest({ method, url = '', headers }: IncomingMessage, bodyBytes: number): boolean {
  return (
    method === 'POST' &&
    (url === MUTATE_PATH || url.startsWith(`${MUTATE_PATH}?`)) &&
    headers['content-type'] === 'application/json' &&
    // A length and an encoding together are refused by Node's parser.
    Number(headers['content-length'] ?? Number.NaN) <= bodyBytes &&
    headers.expect === undefined
  );
}

/** Reads the body and answers. A request that breaks off in between has nobody left to answer. */
export function answerReview(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ReviewRequestParts,
): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [first, second] = chunks;
    const body = first !== undefined && second === undefined ? first : Buffer.concat(chunks);
    const { status, text } = answerTo(body, parts);
    if (status !== 200) parts.countRefused(status);
    if (parts.isClosing()) response.setHeader('connection', 'close');
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
}

function answerTo(
  body: Buffer,
  parts: ReviewRequestParts,
): { readonly status: number; readonly text: string } {
  try {
    const text = parts.mutate(body);
    return text === undefined ? { status: 400, text: refusalText(400) } : { status: 200, text };
  } catch {
    return { status: 500, text: refusalText(500) };
  }
}
