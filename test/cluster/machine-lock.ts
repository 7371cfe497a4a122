/** Allows one node at a time on a machine: two kube-proxies would overwrite each other's rules. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { until } from './until.ts';

// An abstract Unix socket is not a file: the kernel releases it when the process ends for any reason. Like the firewall
// rules, it belongs to a network namespace.
const NAME = '\0aws-secrets-injector-cluster-node';
/** Enough for another whole run of the cluster tests. */
const PATIENCE_SECONDS = 30 * 60;

/**
 * Takes the lock until it is disposed of or this process ends.
 * @param onWait called once if another process has the lock
 * @throws Error if the lock is not released in time, or if the signal aborts
 */
export async function lockMachine(signal: AbortSignal, onWait: () => void): Promise<Disposable> {
  let told = false;
  return await until('the other cluster to end', { seconds: PATIENCE_SECONDS, signal }, async () => {
    const lock = await tryLock();
    if (lock !== undefined) return lock;
    if (!told) onWait();
    told = true;
    return undefined;
  });
}

async function tryLock(): Promise<Disposable | undefined> {
  const server = createServer();
  server.listen(NAME);
  try {
    await once(server, 'listening');
    // The lock must not keep this process alive.
    server.unref();
    return { [Symbol.dispose]: () => void server.close() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
