/** The plain HTTP server for kubelet and Prometheus. Its answers contain nothing about pods or secrets. */
import type http from 'node:http';
import { type FastifyInstance, fastify } from 'fastify';
import type { Metrics } from '../metrics.ts';
import type { Readiness } from '../readiness/readiness.ts';
import { refusalStatus, refuse, refuseUnrouted } from './refusals.ts';

const PATHS = { '/livez': 'GET', '/readyz': 'GET', '/metrics': 'GET' };

export type AdminServer = FastifyInstance<http.Server>;

/** Makes the server. */
export function makeAdminServer(readiness: Readiness, metrics: Metrics): AdminServer {
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
  app.server.maxConnections = 256;
  app.removeAllContentTypeParsers();
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) refuseUnrouted(request, reply, PATHS);
    else done();
  });
  app.setErrorHandler((error, _request, reply) => refuse(reply, refusalStatus(error)));
  app.get('/livez', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    const state = await readiness.check();
    return reply
      .code(state.ready ? 200 : 503)
      .type('text/plain')
      .send(state.ready ? 'ok\n' : `${state.why}\n`);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );
  return app;
}
