/** The settings of an HTTP proxy: its URL, and the hosts that are reached without it. */
import { BlockList, isIP, isIPv6 } from 'node:net';

/** The URL of a proxy, or undefined if it is not one. Only http proxies are supported: the tunnel itself carries TLS. */
export function parseProxy(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isProxy =
    url?.protocol === 'http:' && url.hostname !== '' && url.pathname === '/' && !/[?#]/.test(text);
  return isProxy ? url : undefined;
}

/** The entries of a list such as `.svc,10.0.0.0/8,vpce.example`, or undefined if it contains anything else. */
export function parseNoProxy(text: string): readonly string[] | undefined {
  const entries = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  return entries.every((entry) => isEntry(entry)) ? entries : undefined;
}

/** Whether a host is reached without the proxy. Loopback hosts always are. */
export function bypassesProxy(entries: readonly string[], { hostname, port }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    host === 'localhost' ||
    isIn('127.0.0.0/8', host) ||
    host === '::1' ||
    entries.some((entry) => matches(entry, host, port || '443'))
  );
}

const NAME = /^(?:\*?\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*(?::\d{1,5})?$/;

function isEntry(entry: string): boolean {
  return entry === '*' || isIP(entry) !== 0 || subnetOf(entry) !== undefined || NAME.test(entry);
}

/** As in other programs: a name includes its subdomains, a leading dot means the subdomains alone. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*' || entry === host) return true;
  if (entry.includes('/')) return isIn(entry, host);
  const [name = '', onlyPort = port] = isIPv6(entry) ? [entry] : entry.split(':');
  if (onlyPort !== port) return false;
  const suffix = name.replace(/^\*/, '');
  return suffix === host || host.endsWith(suffix.startsWith('.') ? suffix : `.${suffix}`);
}

function isIn(subnet: string, host: string): boolean {
  return isIP(host) !== 0 && subnetOf(subnet)?.check(host, familyOf(host)) === true;
}

function subnetOf(text: string): BlockList | undefined {
  const [address = '', bits = '', ...rest] = text.split('/');
  const most = isIP(address) === 0 ? -1 : isIPv6(address) ? 128 : 32;
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) return undefined;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), familyOf(address));
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
