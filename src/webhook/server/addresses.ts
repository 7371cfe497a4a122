/** Addresses of the listeners. */
import type { Server } from 'node:net';
import { networkInterfaces } from 'node:os';

/** `::` if the machine has IPv6, which includes IPv4; otherwise listening on `::` would fail. */
export function everyAddress(): string {
  const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some((one) => one.family === 'IPv6'),
  );
  return hasIpv6 ? '::' : '0.0.0.0';
}

/** An address of this machine that reaches the listener. */
export function reachable(host: string): string {
  if (host === '::') return '::1';
  return host === '0.0.0.0' ? '127.0.0.1' : host;
}

/** The port of a listener; 0 without one. */
export function portOf(address: ReturnType<Server['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
