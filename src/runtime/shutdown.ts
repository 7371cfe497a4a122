/**
 * Stops a server. Kubernetes sends SIGTERM while requests still arrive, because it removes endpoints asynchronously and
 * clients keep connections. A server therefore drains first and closes afterwards.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { errorFields, type Logger } from './log/logger.ts';

export interface Service {
  /** From now on the service is not ready and every answer closes its connection. Requests are still answered. */
  drain(): void;
  /** Stops listening, closes idle connections and resolves after the last answer. */
  close(): Promise<void>;
}

export interface ShutdownOptions {
  readonly drainSeconds: number;
  /** The time limit of `close`, after which the process exits. */
  readonly closeSeconds: number;
  readonly log: Logger;
}

/**
 * Resolves with the first signal; a second signal ends the process at once. Call it before the service starts: otherwise a
 * signal during the start would end the process.
 */
export function catchSignal(log: Logger): Promise<NodeJS.Signals> {
  return firstSignal((second) => {
    log.warn('ending at once', { signal: second });
    endProcess(1, log);
  });
}

/** Resolves after the signal, when the service is closed. */
export async function serveUntil(
  caught: Promise<NodeJS.Signals>,
  service: Service,
  options: ShutdownOptions,
): Promise<void> {
  const { log, drainSeconds, closeSeconds } = options;
  const signal = await caught;
  // No flush here: it would block, and requests with it, while nothing reads the log.
  log.info('draining', { signal, seconds: drainSeconds });
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

/** Makes an uncaught error end the process. Its message is dropped, because it may quote a request. */
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
