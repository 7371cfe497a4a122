/** The HTTPS server that the API server calls. It handles HTTP and TLS; `mutate` answers the reviews. */
import https from 'node:https';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Metrics } from '../metrics.ts';
import type { Mutate } from '../review/mutate.ts';
import { MUTATE_PATH } from '../review/mutate-path.ts';
import { type Connections, followConnections } from './connections.ts';
import type { ServerLimits } from './limits.ts';
import { refusalStatus, refuse, refuseUnrouted } from './refusals.ts';
import { answerReview, isReviewRequest } from './review-requests.ts';

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
  /** While draining, every answer closes its connection, because an API server keeps using an open one. */
  readonly isDraining: () => boolean;
}

/** Makes the server without a certificate: see `server.setSecureContext`. */
export function makeMutateServer({ mutate, metrics, limits, isDraining }: MutateServerParts): MutateServer {
  let isClosing = false;
  const review = {
    mutate,
    countRefused: metrics.countRefused,
    bodyBytes: limits.bodyBytes,
    isClosing: () => isClosing || isDraining(),
  };
  const app = fastify({
    serverFactory: (others) =>
      https.createServer(httpsOptions(limits), (request, response) => {
        if (!isReviewRequest(request, limits.bodyBytes)) return others(request, response);
        connections.spoke(request.socket);
        answerReview(request, response, review);
      }),
    bodyLimit: limits.bodyBytes,
    logger: false,
    exposeHeadRoutes: false,
    // A request that arrives while closing is answered normally: a 503 would make the creation of a pod fail.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  app.server.maxConnections = limits.connections;
  const connections = followConnections(app.server);
  app.server.on('tlsClientError', () => metrics.countHandshakeError());

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  // Checked when the answer is made, because draining may start after the request.
  const closing = (reply: FastifyReply): FastifyReply =>
    isDraining() ? reply.header('connection', 'close') : reply;
  app.addHook('onRequest', (request, reply, done) => {
    connections.spoke(request.raw.socket);
    if (request.is404) metrics.countRefused(refuseUnrouted(request, closing(reply), PATHS));
    else done();
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = refusalStatus(error);
    metrics.countRefused(status);
    refuse(closing(reply), status);
  });
  app.post(MUTATE_PATH, (request, reply) => {
    const answer = mutate(request.body);
    if (answer === undefined) {
      metrics.countRefused(400);
      return refuse(closing(reply), 400);
    }
    return closing(reply).header('content-type', 'application/json').send(answer);
  });
  return {
    app,
    close: () => {
      isClosing = true;
      return close(app, connections, limits.closeMilliseconds);
    },
  };
}

function httpsOptions(limits: ServerLimits): https.ServerOptions {
  return {
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
