/** The operator's proxy: which endpoints it is for, and connections through it. */
import http from 'node:http';
import type net from 'node:net';
import { HTTPS_PROXY_VARIABLE, NO_PROXY_VARIABLE } from '../../core/names/network-variables.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { bypassesProxy, parseNoProxy, parseProxy } from '../../runtime/proxy.ts';
import type { ProxySettings } from '../environment.ts';

/** Returns the proxy for an endpoint, or undefined for a direct connection. */
export type ProxyOf = (endpoint: URL) => URL | undefined;

/** Reads the operator's settings. The problem does not quote them: a URL may contain credentials. */
export function readProxy({ httpsProxy, noProxy }: ProxySettings): Result<ProxyOf, FetchProblem> {
  if (httpsProxy === undefined) return ok(() => undefined);
  const proxy = parseProxy(httpsProxy);
  if (proxy === undefined)
    return failed(invalid(HTTPS_PROXY_VARIABLE, 'the value is not the URL of an http proxy'));
  const entries = parseNoProxy(noProxy ?? '');
  if (entries === undefined) return failed(invalid(NO_PROXY_VARIABLE, 'the value is not a list of hosts'));
  return ok((endpoint) => (bypassesProxy(entries, endpoint) ? undefined : proxy));
}

function invalid(subject: string, wrong: string): FetchProblem {
  return {
    code: 'AWS_UNAVAILABLE',
    subject,
    wrong,
    expected:
      'create the pod again; the webhook sets the variable from the settings https-proxy and no-proxy',
  };
}

/** Until the proxy has connected to the host. */
const TUNNEL_MS = 5_000;

/**
 * Connects to a host through a proxy. The proxy sees the name of the host, and then only TLS.
 * @throws an error whose code starts with `PROXY_`
 */
export function openTunnel(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const request = http.request({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port || 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...authorization(proxy) },
      agent: false,
      signal,
    });
    const fail = (code: string): void => {
      clearTimeout(timer);
      reject(Object.assign(new Error('no tunnel'), { code: `PROXY_${code}` }));
      request.destroy();
    };
    const timer = setTimeout(() => fail('TIMEOUT'), TUNNEL_MS);
    request.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'UNREADABLE'));
    request.on('connect', ({ statusCode = 0 }, socket, head) => {
      // The server of a TLS connection does not speak first.
      if (statusCode < 200 || statusCode > 299 || head.length > 0) {
        socket.destroy();
        fail(`HTTP_${statusCode}`);
        return;
      }
      clearTimeout(timer);
      resolve(socket as net.Socket);
    });
    request.end();
  });
}

function authorization({ username, password }: URL): { readonly 'proxy-authorization'?: string } {
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
