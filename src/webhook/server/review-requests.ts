/**
 * The fast path of a review: read, decided and answered with Node's request and response, without Fastify's route. Every
 * request that is not obviously a review of an API server takes Fastify's route, which contains all refusals.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MUTATE_PATH } from '../review/mutate-path.ts';
import { refusalText } from './refusals.ts';

export interface ReviewRequestParts {
  /** Answers the bytes of a review. @returns undefined if the review contains no uid */
  readonly mutate: (body: Buffer) => string | undefined;
  readonly countRefused: (status: number) => void;
  /** The most bytes of a body. */
  readonly bodyBytes: number;
  /** Whether an answer closes its connection, checked when the answer is made. */
  readonly isClosing: () => boolean;
}

/** Whether a request is obviously a review. Its length is known and allowed, so the body needs no limit. */
export function isReviewRequest({ method, url = '', headers }: IncomingMessage, bodyBytes: number): boolean {
  return (
    method === 'POST' &&
    (url === MUTATE_PATH || url.startsWith(`${MUTATE_PATH}?`)) &&
    headers['content-type'] === 'application/json' &&
    // Node's parser rejects a length together with an encoding.
    Number(headers['content-length'] ?? Number.NaN) <= bodyBytes &&
    headers.expect === undefined
  );
}

/** Reads the body and answers. A request that is aborted needs no answer. */
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
