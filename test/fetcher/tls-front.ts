/** TLS in front of a server without it: the fetcher sends its token over plain http only to the addresses of the agent. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { TlsMaterial } from '../aws-fake/index.ts';

export interface TlsFront {
  readonly port: number;
  stop(): Promise<void>;
}

/** Accepts TLS on 127.0.0.1, and passes the content to a port of it. */
export async function startTlsFront({ key, cert }: TlsMaterial, port: () => number): Promise<TlsFront> {
  const sockets = new Set<net.Socket>();
  const server = tls.createServer({ key, cert }, (secured) => {
    const plain = net.connect({ host: '127.0.0.1', port: port() });
    for (const socket of [secured, plain]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    secured.on('close', () => plain.destroy());
    plain.on('close', () => secured.destroy());
    secured.pipe(plain).pipe(secured);
  });
  server.on('tlsClientError', () => undefined);
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
