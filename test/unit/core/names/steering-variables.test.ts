import { expect, it } from 'vitest';
import {
  IGNORED,
  namesAndPrefixes,
  REFUSED,
  steeringOf,
} from '../../../../src/core/names/steering-variables.ts';

it.each([
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_LIBRARY_PATH',
  'OPENSSL_CONF',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_STS',
])('%s is refused', (name) => {
  expect(steeringOf(name)).toBe('refused');
});

it.each([
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_PATH',
  'SSL_CERT_FILE',
  'UV_THREADPOOL_SIZE',
  'https_proxy',
  'AWS_CA_BUNDLE',
])('%s is ignored', (name) => {
  expect(steeringOf(name)).toBe('ignored');
});

it.each([
  '',
  'LD',
  'DD_AGENT_HOST',
  'OTEL_SERVICE_NAME',
  'MY_NODE_OPTIONS',
  'ld_preload',
  'AWS_REGION',
  'toString',
])('%j is harmless', (name) => {
  expect(steeringOf(name)).toBeUndefined();
});

it('no entry is hidden by another one of its list, and the guard can spell every entry', () => {
  for (const list of [REFUSED, IGNORED]) {
    const { names, prefixes } = namesAndPrefixes(list);
    expect(new Set(list).size).toBe(list.length);
    expect(names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))).toEqual([]);
    for (const entry of list) expect(entry).toMatch(/^[A-Za-z0-9_]+\*?$/);
  }
  expect(IGNORED.filter((name) => steeringOf(name.replace('*', '')) !== 'ignored')).toEqual([]);
});
