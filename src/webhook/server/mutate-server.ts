/** The HTTPS server that the API server calls. It handles HTTP and TLS; `mutate` answers the reviews. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Metrics } from '../metrics.ts';
import type { Mutate } from '../review/mutate.ts';
import { MUTATE_PATH } from '../review/mutate-path.ts';
import { clientErrorHandler } from './client-errors.ts';
import { type Connections, followConnections } from './connections.ts';
import { FairQueue } from './fair-queue.ts';
import { InFlight } from './in-flight.ts';
import type { ServerLimits } from './limits.ts';
import { OpenAnswers } from './open-answers.ts';
import { refusalStatus, refusalText, refuse, refuseUnrouted } from './refusals.ts';
import { answerReview, isReviewRequest, type ReviewRequestParts } from './review-requests.ts';

const PATHS = { [MUTATE_PATH]: 'POST' };

/** The minimum TLS version. The API servers of all supported Kubernetes versions support 1.3. */
export const MIN_TLS_VERSION = 'TLSv1.2';

export interface MutateServer {
  readonly app: FastifyInstance<https.Server>;
  /** Stops listening and resolves after the last answer. */
  close(): Promise<void>;
}

export interface MutateServerParts {
  readonly mutate: Mutate;
  readonly metrics: Metrics;
  readonly limits: ServerLimits;
  /** Whether the client of a request may ask; undefined to let every client ask. */
  readonly mayAsk: ((request: IncomingMessage) => boolean) | undefined;
  /** While draining, every answer closes its connection, because an API server keeps using an open one. */
  readonly isDraining: () => boolean;
}

/** Makes the server without a certificate: see `server.setSecureContext`. */
export function makeMutateServer(parts: MutateServerParts): MutateServer {
  const { mutate, metrics, limits, isDraining, mayAsk } = parts;
  let isClosing = false;
  const answers = new OpenAnswers(limits.answersBytes, (socket) => {
    metrics.countDropped('answer');
    connections.reset(socket);
  });
  const decisions = new FairQueue();
  const review: ReviewRequestParts = {
    mutate,
    countRefused: metrics.countRefused,
    countDropped: metrics.countDropped,
    bodyBytes: limits.bodyBytes,
    bodies: new InFlight(limits.bodiesBytes),
    decisions,
    answers,
    isClosing: () => isClosing || isDraining(),
  };
  const app = fastify({
    serverFactory: (others) =>
      https.createServer(httpsOptions(limits, mayAsk !== undefined), (request, response) => {
        connections.begin(request, response);
        if (!isReviewRequest(request) || mayAsk?.(request) === false) others(request, response);
        else answerReview(request, response, review);
      }),
    clientErrorHandler: clientErrorHandler(metrics.countRefused),
    bodyLimit: limits.bodyBytes,
    logger: false,
    exposeHeadRoutes: false,
    // A request that arrives while closing is answered normally: a 503 would make the creation of a pod fail.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  const connections = followConnections(app.server, limits.connections, metrics.countDropped);
  app.server.on('connection', () => decisions.connected());
  app.server.on('tlsClientError', () => metrics.countHandshakeError());
  // Node would answer an unknown expectation, and close a tunnel, without counting.
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    connections.begin(request, response);
    metrics.countRefused(417);
    const text = refusalText(417);
    response.writeHead(417, { connection: 'close', 'content-type': 'application/json' }).end(text);
  });
  app.server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    metrics.countRefused(405);
    socket.destroy();
  });
  const checks = setInterval(() => answers.resetSlow(limits.answerMilliseconds), limits.checkMilliseconds);
  checks.unref();

  app.removeAllContentTypeParsers();
  // The body is read within the limits of all reviews, not by Fastify.
  app.addContentTypeParser('application/json', (_request, _payload, done) => done(null));
  // Checked when the answer is made, because draining may start after the request.
  const closing = (reply: FastifyReply): FastifyReply =>
    isDraining() ? reply.header('connection', 'close') : reply;
  app.addHook('onRequest', (request, reply, done) => {
    if (mayAsk?.(request.raw) === false) {
      metrics.countRefused(403);
      refuse(reply.header('connection', 'close'), 403);
    } else if (request.is404) metrics.countRefused(refuseUnrouted(request, closing(reply), PATHS));
    else done();
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = refusalStatus(error);
    metrics.countRefused(status);
    refuse(closing(reply), status);
  });
  app.post(MUTATE_PATH, (request, reply) => {
    reply.hijack();
    answerReview(request.raw, reply.raw, review);
  });
  return {
    app,
    close: () => {
      isClosing = true;
      clearInterval(checks);
      return close(app, connections, limits.closeMilliseconds);
    },
  };
}

function httpsOptions(limits: ServerLimits, requestCert: boolean): https.ServerOptions {
  return {
    requestCert,
    // Checked for each request: the readiness check has no certificate.
    rejectUnauthorized: false,
    minVersion: MIN_TLS_VERSION,
    // With HTTP/2, an API server would use only one replica; it is also slower here, and API servers do not offer it.
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: limits.handshakeMilliseconds,
    // At most the limit of the request, as Node requires. The keep-alive limit covers idle connections.
    headersTimeout: limits.headersMilliseconds,
    requestTimeout: limits.requestMilliseconds,
    connectionsCheckingInterval: limits.checkMilliseconds,
    keepAliveTimeout: limits.keepAliveMilliseconds,
  };
}

async function close(
  app: FastifyInstance<https.Server>,
  connections: Connections,
  milliseconds: number,
): Promise<void> {
  const closed = app.close();
  connections.closeSilent();
  const deadline = setTimeout(() => connections.closeAll(), milliseconds);
  await closed;
  clearTimeout(deadline);
}
