import { expect, it } from 'vitest';
import {
  ACTS_BEFORE_START,
  atStart,
  CLEARED,
  IGNORED,
  namesAndPrefixes,
  REFUSED,
  steeringOf,
} from '../../../../src/core/names/steering-variables.ts';

it.each([
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_LIBRARY_PATH',
  'NODE_V8_COVERAGE',
  'SECRETS_INJECTOR_CA_BUNDLE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_STS',
])('%s is refused', (name) => {
  expect(steeringOf(name)).toBe('refused');
});

it.each([
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_OPTIONS',
  'NODE_PATH',
  'OPENSSL_CONF',
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
  for (const list of [REFUSED, IGNORED, ACTS_BEFORE_START, CLEARED]) {
    const { names, prefixes } = namesAndPrefixes(list);
    expect(new Set(list).size).toBe(list.length);
    expect(names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))).toEqual([]);
    for (const entry of list) expect(entry).toMatch(/^[A-Za-z0-9_]+\*?$/);
  }
  expect(IGNORED.filter((name) => steeringOf(name.replace('*', '')) !== 'ignored')).toEqual([]);
});

it('a program rejects what acted already, and starts again without the rest of the runtime’s variables', () => {
  for (const entry of ACTS_BEFORE_START) expect(atStart(entry.replace('*', 'X'))).toBe('reject');
  for (const entry of CLEARED) expect(atStart(entry.replace('*', 'X'))).toBe('clear');
  // The operator may set endpoints; the kubelet check reads the name of the node.
  for (const name of ['AWS_ENDPOINT_URL', 'SECRETS_INJECTOR_CA_BUNDLE', 'NODE_NAME', 'NODE_ENV', 'PATH'])
    expect(atStart(name)).toBeUndefined();
});
