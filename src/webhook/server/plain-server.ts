/**
 * Two plain HTTP servers: one for the probes of the kubelet, which no pod needs to reach, and one for metrics. Their answers
 * contain nothing about pods or secrets.
 */
import type http from 'node:http';
import { type FastifyInstance, fastify } from 'fastify';
import type { Metrics } from '../metrics.ts';
import type { Readiness } from '../readiness/readiness.ts';
import { followConnections } from './connections.ts';
import { refusalStatus, refuse, refuseUnrouted } from './refusals.ts';

export type PlainServer = FastifyInstance<http.Server>;

const MOST_CONNECTIONS = 256;

/** Makes the server for probes. @param details a line for a ready replica */
export function makeProbeServer(readiness: Readiness, metrics: Metrics, details: () => string): PlainServer {
  const app = makePlainServer({ '/livez': 'GET', '/readyz': 'GET' }, metrics);
  app.get('/livez', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    const state = await readiness.check();
    return reply
      .code(state.ready ? 200 : 503)
      .type('text/plain')
      .send(state.ready ? `ok\n${details()}\n` : `${state.why}\n`);
  });
  return app;
}

/** Makes the server for metrics. */
export function makeMetricsServer(metrics: Metrics): PlainServer {
  const app = makePlainServer({ '/metrics': 'GET' }, metrics);
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );
  return app;
}

/** @param paths all paths, each with its method */
function makePlainServer(paths: Readonly<Record<string, string>>, metrics: Metrics): PlainServer {
  const app = fastify({
    http: { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    requestTimeout: 10_000,
    keepAliveTimeout: 75_000,
    bodyLimit: 1024,
    logger: false,
    exposeHeadRoutes: true,
    return503OnClosing: false,
    forceCloseConnections: true,
  });
  const connections = followConnections(app.server, MOST_CONNECTIONS, metrics.countDropped);
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', (request, reply, done) => {
    connections.begin(request.raw, reply.raw);
    if (request.is404) refuseUnrouted(request, reply, paths);
    else done();
  });
  app.setErrorHandler((error, _request, reply) => refuse(reply, refusalStatus(error)));
  return app;
}
