import fc from 'fast-check';
import { expect, it } from 'vitest';
import { claimsOf } from '../../../../src/aws/credentials/token-claims.ts';

const CLAIMS = {
  iss: 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF',
  sub: 'system:serviceaccount:shop:web',
  aud: ['sts.amazonaws.com'],
};

function token(payload: unknown): string {
  return `x.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.y`;
}

it('reads the claims that trust policies refer to', () => {
  const claims = { issuer: CLAIMS.iss, subject: CLAIMS.sub, audience: 'sts.amazonaws.com' };
  expect(claimsOf(token(CLAIMS))).toEqual(claims);
  expect(claimsOf(token({ ...CLAIMS, aud: 'sts.amazonaws.com' }))).toEqual(claims);
});

it.each([
  ['no JSON', 'x.bm8.y'],
  ['no payload', 'x'],
  ['an array', token([])],
  ['null', token(null)],
  ['no issuer', token({ ...CLAIMS, iss: undefined })],
  ['an issuer with a line break', token({ ...CLAIMS, iss: 'https://a\nb' })],
  ['an issuer without TLS', token({ ...CLAIMS, iss: 'http://a' })],
  ['a subject that is not a service account', token({ ...CLAIMS, sub: 'hunter2' })],
  ['a subject with quotes', token({ ...CLAIMS, sub: 'system:serviceaccount:shop:web"' })],
  ['no audience', token({ ...CLAIMS, aud: [] })],
  ['an audience with blanks', token({ ...CLAIMS, aud: ['a b'] })],
])('%s: no claims', (_what, text) => {
  expect(claimsOf(text)).toBeUndefined();
});

it('never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => claimsOf(text) === undefined || true));
  fc.assert(fc.property(fc.jsonValue(), (value) => claimsOf(token(value)) === undefined || true));
});
