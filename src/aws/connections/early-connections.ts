/**
 * TCP connections that are opened while the process loads the modules for TLS. A connection that fails or is not used costs
 * only time.
 */
import net from 'node:net';

/** The most sockets to the endpoint of one Region. */
export const MOST_SOCKETS = 4;

/** Of the whole process, by host and port. */
const opened = new Map<string, net.Socket[]>();

/** Opens connections to an endpoint. They wait for `takeConnection`. @param count how many are wanted */
export function connectEarly(endpoint: URL, count: number): void {
  if (endpoint.protocol !== 'https:') return;
  const more = Array.from({ length: Math.min(count, MOST_SOCKETS) }, () => connect(endpoint));
  opened.set(endpoint.host, [...(opened.get(endpoint.host) ?? []), ...more]);
}

/** A connection to an endpoint: an early one, if there is one. */
export function takeConnection(endpoint: URL): net.Socket {
  return opened.get(endpoint.host)?.shift() ?? connect(endpoint);
}

/** The host of an endpoint as sockets take it: an IPv6 address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

export function portOf({ protocol, port }: URL): number {
  return Number(port || (protocol === 'https:' ? 443 : 80));
}

function connect(endpoint: URL): net.Socket {
  return tolerant(net.connect({ host: hostOf(endpoint), port: portOf(endpoint), noDelay: true }));
}

/** Without a listener, an early failure would end the process. It is noticed when the socket is used. */
export function tolerant<S extends net.Socket>(socket: S): S {
  socket.on('error', () => socket.destroy());
  return socket;
}
