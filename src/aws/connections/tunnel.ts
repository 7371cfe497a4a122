/** Connections through the operator's proxy. */
import net from 'node:net';
import { codeOf } from '../../runtime/answer.ts';
import { hostOf, portOf, tolerant } from './early-connections.ts';
import { writeRequest } from './head.ts';
import { ResponseReader } from './response-reader.ts';

/** Until the proxy has connected to the host. */
const TUNNEL_MS = 5_000;
/** The body of a refusal is not read. */
const MOST_BODY_BYTES = 0;

/**
 * Connects to the host of an endpoint through a proxy. The proxy sees the name of the host, and then only TLS.
 * @throws an error whose code starts with `PROXY_`
 */
export function openTunnel(proxy: URL, endpoint: URL, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = tolerant(net.connect({ host: hostOf(proxy), port: portOf(proxy), noDelay: true }));
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off('data', read).off('close', closed).off('error', failed);
    };
    const fail = (code: string): void => {
      end();
      socket.destroy();
      reject(Object.assign(new Error('no tunnel'), { code: `PROXY_${code}` }));
    };
    const abort = (): void => fail('ABORTED');
    const failed = (error: Error): void => fail(codeOf(error));
    const closed = (): void => fail('ECONNRESET');
    const reader = new ResponseReader(MOST_BODY_BYTES, true);
    const read = (bytes: Buffer): void => {
      const code = reader.read(bytes);
      const status = reader.status;
      // The server of a TLS connection does not speak first.
      if (reader.isComplete && status !== undefined && status < 300 && reader.rest.length === 0) {
        end();
        resolve(socket);
      } else if (status !== undefined) fail(`HTTP_${status}`);
      else if (code !== undefined) fail(code);
    };
    const timer = setTimeout(() => fail('TIMEOUT'), TUNNEL_MS);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    socket.on('data', read).on('close', closed).on('error', failed);
    socket.write(connectRequest(proxy, endpoint));
  });
}

function connectRequest(proxy: URL, endpoint: URL): Buffer {
  const host = hostOf(endpoint);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${portOf(endpoint)}`;
  const request = writeRequest(
    { method: 'CONNECT', target: authority, host: authority, headers: authorization(proxy) },
    undefined,
  );
  if (request === undefined) throw new RangeError('the host of an endpoint is not valid');
  return request;
}

function authorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** Percent signs that encode nothing are taken as they are. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
