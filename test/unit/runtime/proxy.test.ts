import { expect, it } from 'vitest';
import { bypassesProxy, parseNoProxy, parseProxy } from '../../../src/runtime/proxy.ts';

it.each([
  ['example.com', 'https://example.com', true],
  ['example.com', 'https://a.example.com', true],
  ['example.com', 'https://badexample.com', false],
  ['.example.com', 'https://a.example.com', true],
  ['.example.com', 'https://example.com', false],
  ['*.example.com', 'https://a.b.example.com', true],
  ['EXAMPLE.com', 'https://example.COM', true],
  ['example.com:443', 'https://example.com', true],
  ['example.com:8443', 'https://example.com', false],
  ['example.com:8443', 'https://example.com:8443', true],
  ['10.0.0.0/8', 'https://10.1.2.3', true],
  ['10.0.0.0/8', 'https://11.1.2.3', false],
  ['10.0.0.0/8', 'https://10.example', false],
  ['10.1.2.3', 'https://10.1.2.3', true],
  ['fd00::/8', 'https://[fd00:ec2::23]', true],
  ['fd00:ec2::23', 'https://[fd00:ec2::23]', true],
  ['*', 'https://example.com', true],
  ['', 'https://example.com', false],
  ['', 'https://localhost:8443', true],
  ['', 'https://127.0.0.2', true],
  ['', 'https://[::1]:8443', true],
  [' .svc, .cluster.local\n169.254.169.254,10.0.0.0/8', 'https://a.svc', true],
])('no-proxy %j and %s: direct %s', (list, url, expected) => {
  const entries = parseNoProxy(list);
  expect(entries && bypassesProxy(entries, new URL(url))).toBe(expected);
});

it.each(['a b/c', 'http://x', 'a?', '10.0.0.0/33', '10.0.0.0/8/8', 'x/8', '*a', 'a..b', 'ü'])(
  'no-proxy %j is rejected',
  (list) => expect(parseNoProxy(list)).toBeUndefined(),
);

it.each(['http://proxy:3128', 'http://user:password@proxy', 'http://[::1]:3128/', 'HTTP://PROXY'])(
  '%s is a proxy',
  (text) => expect(parseProxy(text)?.protocol).toBe('http:'),
);

it.each([
  '',
  'proxy:3128',
  'https://proxy',
  'socks5://proxy',
  'http://proxy/path',
  'http://proxy?x',
  'http://p#',
  'http://',
])('%j is not a proxy', (text) => expect(parseProxy(text)).toBeUndefined());
