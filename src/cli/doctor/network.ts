/** What the checks ask other machines than the API server. */

import type { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:tls';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { Answer } from '../../runtime/answer.ts';
import { sendRequest } from '../../runtime/https-request.ts';
import { startKubectl } from '../cluster/kubectl-process.ts';

/** Where a server listens, and how a client verifies it. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** The name that the certificate must be valid for. */
  readonly name: string;
  /** The certificate authorities, in PEM. */
  readonly ca: string;
}

/** The certificate of a server. */
export interface Peer {
  readonly certificate: X509Certificate;
  /** Why a client does not trust it: a code of OpenSSL or Node.js; undefined if it does. */
  readonly error: string | undefined;
}

/** A port of this machine that leads to a Service. */
export interface Forwarded {
  readonly port: number;
  close(): void;
}

export interface Network {
  /** The addresses of a host. The problem is a code. */
  resolve(host: string): Promise<Result<readonly string[], string>>;
  /** One HTTPS request, which trusts the certificate authorities of the platform. */
  get(url: URL, signal: AbortSignal): Promise<Answer>;
  /** Connects and reads the certificate. The problem is a code. */
  peer(server: Server, signal: AbortSignal): Promise<Result<Peer, string>>;
  /** Makes a Service of the cluster reachable. The problem is a line of kubectl. */
  forward(service: ServicePort): Promise<Result<Forwarded, string>>;
}

export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

const LIMITS = { connect: 5_000, total: 10_000, bytes: 1024 * 1024 };
const HANDSHAKE_MILLISECONDS = 5_000;

/** @param kubectl the beginning of its command line */
export function makeNetwork(kubectl: readonly string[]): Network {
  return {
    resolve: async (host) => {
      try {
        return ok((await lookup(host, { all: true })).map(({ address }) => address));
      } catch (error) {
        return failed((error as NodeJS.ErrnoException).code ?? 'unknown error');
      }
    },
    get: (url, signal) =>
      sendRequest({ url, method: 'GET', headers: {}, agent: false, limits: LIMITS, signal }),
    peer: readPeer,
    forward: async ({ namespace, name, port }) => {
      const args = [`--namespace=${namespace}`, 'port-forward', '--address=127.0.0.1', `service/${name}`];
      const started = await startKubectl(
        [...kubectl, ...args, `:${port}`],
        /Forwarding from 127\.0\.0\.1:(\d+) ->/,
      );
      if (!started.ok) return started;
      const { ready, stop } = started.value;
      return ok({ port: Number(ready[1]), close: stop });
    },
  };
}

/** As Go's client does: any certificate of `ca` ends the chain, and only its alternative names count. */
function readPeer({ host, port, name, ca }: Server, signal: AbortSignal): Promise<Result<Peer, string>> {
  return new Promise((resolve) => {
    const options = {
      host,
      port,
      servername: name,
      ca,
      allowPartialTrustChain: true,
      ALPNProtocols: ['http/1.1'],
      // The certificate is read even if it is not trusted; nothing is sent.
      rejectUnauthorized: false,
      timeout: HANDSHAKE_MILLISECONDS,
    };
    let socket: ReturnType<typeof connect>;
    try {
      socket = connect(options);
    } catch (error) {
      // Certificate authorities that are not valid.
      resolve(failed((error as NodeJS.ErrnoException).code ?? 'unknown error'));
      return;
    }
    const end = (result: Result<Peer, string>): void => {
      signal.removeEventListener('abort', abort);
      resolve(result);
      socket.destroy();
    };
    const abort = (): void => end(failed('ABORTED'));
    signal.addEventListener('abort', abort);
    socket.on('timeout', () => end(failed('TIMEOUT')));
    socket.on('error', (error: NodeJS.ErrnoException) => end(failed(error.code ?? 'unknown error')));
    socket.on('close', () => end(failed('the connection ended before the handshake')));
    socket.on('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) end(failed('the server has no certificate'));
      else end(ok({ certificate, error: errorOf(socket.authorizationError, certificate) }));
    });
  });
}

function errorOf(error: unknown, { subjectAltName }: X509Certificate): string | undefined {
  if ((subjectAltName ?? '') === '') return 'NO_ALTERNATIVE_NAME';
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return typeof error === 'string' ? error : undefined;
}
