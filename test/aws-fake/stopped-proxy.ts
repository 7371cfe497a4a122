/** A TCP proxy that does not accept connections at first: its queue is full, so the kernel drops further ones. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface StoppedProxy {
  readonly port: number;
  /** Accepts connections from now on. */
  accept(): void;
  stop(): Promise<void>;
}

/** The kernel queues one connection more than this. */
const BACKLOG = 1;

const PROXY = `
  const [host, port] = process.argv.slice(1);
  const net = require('node:net');
  const server = net.createServer((client) => {
    const upstream = net.connect({ host, port: Number(port) });
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog: ${BACKLOG} }, () => process.stdout.write(String(server.address().port)));
`;

/** Starts the proxy in a process of its own, which the kernel stops. */
export async function startStoppedProxy(target: { host: string; port: number }): Promise<StoppedProxy> {
  const child = spawn(process.execPath, ['-e', PROXY, target.host, String(target.port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(printed.toString());
  child.kill('SIGSTOP');
  const queued: Socket[] = [];
  for (let count = 0; count <= BACKLOG; count += 1) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => socket.destroy());
    await once(socket, 'connect');
    queued.push(socket);
  }
  return {
    port,
    accept: () => {
      for (const socket of queued) socket.destroy();
      child.kill('SIGCONT');
    },
    stop: async () => {
      for (const socket of queued) socket.destroy();
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
