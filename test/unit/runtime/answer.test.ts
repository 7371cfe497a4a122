import { expect, it } from 'vitest';
import { codeOf } from '../../../src/runtime/answer.ts';

it.each([
  ['ECONNREFUSED', 'ECONNREFUSED'],
  // OpenSSL's alert that no protocol or cipher fits.
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'ERR_SSL_SSL_TLS_ALERT_HANDSHAKE_FAILURE'],
  ['quotes "canary"', 'UNREADABLE'],
  [undefined, 'UNREADABLE'],
])('the code %s of an error is %s', (code, expected) => {
  expect(codeOf(Object.assign(new Error('canary'), { code }))).toBe(expected);
});
