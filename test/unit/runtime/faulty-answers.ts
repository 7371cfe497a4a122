/** Answers that both HTTP clients reject in the same way. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestLimits } from '../../../src/runtime/answer.ts';

export type Respond = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Time that no answer takes, unless it is faulty, and the bytes that it may have. */
export const LIMITS = { total: 5_000, bytes: 1_000 };
/** In what servers send. */
export const CANARY = 'canary';

/** An answer that takes longer than a second, but is never silent for so long. */
export const answerSlowly: Respond = (_, response) => {
  let left = 12;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) response.write('x');
    else response.end(() => clearInterval(timer));
  }, 100);
};

/** How an answer is faulty, the code of the failure, the server, and limits for it. */
export const FAULTY_ANSWERS: readonly (readonly [string, string, Respond, RequestLimits])[] = [
  ['is too large', 'TOO_LARGE', (_, response) => response.end('x'.repeat(1_001)), LIMITS],
  [
    'never ends, and is too large',
    'TOO_LARGE',
    (_, response) => {
      const more = () => void (response.write('x'.repeat(600)) && setImmediate(more));
      more();
    },
    LIMITS,
  ],
  [
    'ends before its length',
    'TRUNCATED',
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write(CANARY, () => response.socket?.destroy());
    },
    LIMITS,
  ],
  [
    'ends within a chunk',
    'TRUNCATED',
    (_, response) => void response.write(CANARY, () => response.socket?.destroy()),
    LIMITS,
  ],
  ['never begins', 'TIMEOUT', () => undefined, { ...LIMITS, total: 50 }],
  ['never begins', 'TIMEOUT', () => undefined, { ...LIMITS, silence: 50 }],
  [
    'continues for too long',
    'TIMEOUT',
    (_, response) => {
      const timer = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(timer));
    },
    { ...LIMITS, silence: 1_000, total: 100 },
  ],
  ['is a reset', 'ECONNRESET', (request) => request.socket.destroy(), LIMITS],
];
