/** Lets one node at a time be on a machine: two kube-proxies would undo each other's rules. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { until } from './until.ts';

// Of the abstract kind, which is no file: the kernel frees it with the process that holds it, however that ends. Like the
// rules that it guards it belongs to a network namespace.
const NAME = '\0aws-secrets-injector-cluster-node';
/** A whole run of the cluster tests may be before us. */
const PATIENCE_SECONDS = 30 * 60;

/**
 * Takes the lock until it is disposed of or this process ends.
 * @param onWait called once when somebody else holds it
 * @throws Error when it is not free in time, or when the signal fires
 */
export async function lockMachine(signal: AbortSignal, onWait: () => void): Promise<Disposable> {
  let told = false;
  return await until('the other cluster ends', { seconds: PATIENCE_SECONDS, signal }, async () => {
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
    // Held, but no reason to stay alive.
    server.unref();
    return { [Symbol.dispose]: () => void server.close() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
