/** Starts the rollout controller, with its servers for probes and metrics. */
import type { Server } from 'node:http';
import type { Logger } from '../runtime/log/logger.ts';
import type { Service } from '../runtime/shutdown.ts';
import { makeRolloutMetrics } from './metrics.ts';
import { listen, makePlainServer } from './plain-server.ts';
import { Running, type RunningOptions } from './running.ts';

export interface RolloutOptions extends RunningOptions {
  readonly probePort: number;
  readonly metricsPort: number;
  readonly listenAddress: string | undefined;
}

export interface Rollout extends Service {
  readonly probePort: number;
  readonly metricsPort: number;
}

/** Starts the controller. @throws Error if a port cannot be used */
export async function startRollout(options: RolloutOptions, log: Logger): Promise<Rollout> {
  const metrics = makeRolloutMetrics();
  const running = new Running(options, log, metrics);
  const probes = makePlainServer({
    '/livez': () => ({ status: 200, type: 'text/plain', body: 'ok\n' }),
    '/readyz': () =>
      running.isReady
        ? { status: 200, type: 'text/plain', body: 'ok\n' }
        : { status: 503, type: 'text/plain', body: 'the workloads have not been read yet\n' },
  });
  const metricsServer = makePlainServer({
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.render() }),
  });
  const { listenAddress } = options;
  const probePort = await listen(probes, options.probePort, listenAddress);
  const metricsPort = await listen(metricsServer, options.metricsPort, listenAddress);
  log.info('listening', { port: probePort });
  const ended = running.run();
  return {
    probePort,
    metricsPort,
    drain: () => running.stop(),
    async close() {
      running.stop();
      await ended;
      for (const server of [probes, metricsServer]) await closed(server);
    },
  };
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
