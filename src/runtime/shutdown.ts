/**
 * The end of a server's life. Kubernetes sends SIGTERM while requests are still routed here: endpoints are removed
 * asynchronously, and clients hold on to connections. So a server drains first and closes afterwards.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { errorFields, type Logger } from './log/logger.ts';

export interface Service {
  /** From here on: not ready, and every answer asks for its connection to be closed. Requests are still answered. */
  drain(): void;
  /** Stops listening, closes idle connections and resolves when the last request is answered. */
  close(): Promise<void>;
}

export interface ShutdownOptions {
  readonly drainSeconds: number;
  /** How long `close` may take before the process ends all the same. */
  readonly closeSeconds: number;
  readonly log: Logger;
}

/**
 * Resolves with the first signal; a second one ends the process at once. Called before anything listens: a signal
 * that comes while the service starts would otherwise end the process by itself.
 */
export function catchSignal(log: Logger): Promise<NodeJS.Signals> {
  return firstSignal((second) => {
    log.warn('ending at once', { signal: second });
    endProcess(1, log);
  });
}

/** Resolves when the signal came and the service is closed. */
export async function serveUntil(
  caught: Promise<NodeJS.Signals>,
  service: Service,
  options: ShutdownOptions,
): Promise<void> {
  const { log, drainSeconds, closeSeconds } = options;
  const signal = await caught;
  log.info('draining', { signal, seconds: drainSeconds });
  log.flush();
  service.drain();
  await delay(drainSeconds * 1000);
  const deadline = setTimeout(() => {
    log.error('connections did not close in time', { seconds: closeSeconds });
    endProcess(1, log);
  }, closeSeconds * 1000);
  await service.close();
  clearTimeout(deadline);
  log.info('closed');
}

/** Makes an error that nobody caught end the process without its message, which may quote a request. */
export function endOnUncaught(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.error('uncaught error', errorFields(error));
    endProcess(70, log);
  });
}

function firstSignal(onSecond: (signal: NodeJS.Signals) => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isFirst = true;
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, (signal) => {
        if (!isFirst) return onSecond(signal);
        isFirst = false;
        resolve(signal);
      });
    }
  });
}

function endProcess(code: number, log: Logger): never {
  log.flush();
  process.exit(code);
}
