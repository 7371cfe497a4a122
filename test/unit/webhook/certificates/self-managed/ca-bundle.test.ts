import { beforeAll, expect, test } from 'vitest';
import {
  type Authority,
  createAuthority,
  readAuthority,
  secretData,
} from '../../../../../src/webhook/certificates/self-managed/authority.ts';
import {
  completeBundle,
  contains,
  readBundle,
} from '../../../../../src/webhook/certificates/self-managed/ca-bundle.ts';
import { makeLeaf } from '../../../../server/certificates.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 26);
let [old, current]: Authority[] = [];

beforeAll(async () => {
  [old, current] = await Promise.all([
    createAuthority(NOW - 10 * DAY, 20 * DAY),
    createAuthority(NOW, 20 * DAY),
  ]);
});

const certs = (...authorities: readonly (Authority | undefined)[]): string =>
  authorities.map((one) => one?.cert).join('');

test('a missing CA is added behind the present ones, and a second time changes nothing', () => {
  const bundle = completeBundle([certs(old)], current ? [current] : [], NOW);
  expect(bundle).toBe(certs(old, current));
  expect(completeBundle([bundle], current ? [current] : [], NOW)).toBe(bundle);
});

test('the bundles of all webhooks of a registration become the same', () => {
  expect(completeBundle([certs(old), certs(current), ''], [], NOW)).toBe(certs(old, current));
});

test('an expired CA is dropped, and one that is not valid yet is kept', () => {
  expect(completeBundle([certs(old, current)], [], NOW + 11 * DAY)).toBe(certs(current));
  expect(completeBundle([certs(old, current)], [], NOW - 5 * DAY)).toBe(certs(old, current));
});

test('anything else is dropped: other text, half a certificate, a certificate twice', () => {
  const half = certs(old).slice(0, 200);
  expect(completeBundle([`hello\n${certs(current)}${half}\n${certs(current)}`], [], NOW)).toBe(
    certs(current),
  );
});

test('has at most ten, the newest ones, and never without a needed one', async () => {
  const many = await Promise.all(
    Array.from({ length: 12 }, (_, index) => createAuthority(NOW + index * 1000, 20 * DAY)),
  );
  const bundle = completeBundle([certs(...many)], old ? [old] : [], NOW);
  expect(readBundle(bundle).map(String)).toEqual([...many.slice(3).map(({ cert }) => cert), old?.cert]);
  expect(old !== undefined && contains(bundle, old)).toBe(true);
});

test('a CA survives the Secret', () => {
  if (current === undefined) throw new Error('no CA');
  expect(readAuthority(secretData(current))).toMatchObject({
    ok: true,
    value: { cert: current.cert, key: current.key },
  });
});

test.each([
  ['nothing', () => ({}), 'is empty'],
  ['no key', () => ({ ...data(current), 'ca.key': '' }), 'contains no CA certificate with its key in PEM'],
  [
    'the key of another CA',
    () => ({ ...data(current), 'ca.key': data(old)['ca.key'] }),
    'contains no CA certificate with its ECDSA key',
  ],
  ['numbers', () => ({ 'ca.crt': 1, 'ca.key': 2 }), 'is empty'],
])('a Secret with %s has no CA', (_name, make, problem) => {
  expect(readAuthority(make())).toEqual({ ok: false, problem });
});

test('a certificate that is no CA does not become one', async () => {
  const leaf = await makeLeaf();
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  expect(readAuthority({ 'ca.crt': encode(leaf.cert), 'ca.key': encode(leaf.key) })).toMatchObject({
    ok: false,
  });
});

function data(authority: Authority | undefined): Readonly<Record<string, string>> {
  return authority === undefined ? {} : secretData(authority);
}
