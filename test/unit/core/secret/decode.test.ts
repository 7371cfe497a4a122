import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../../src/core/secret/decode.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';

function decode(text: string): Buffer | undefined {
  const bytes = decodeBase64(new SecretValue(text))?.revealBytes();
  return bytes === undefined ? undefined : Buffer.from(bytes);
}

describe('base64', () => {
  it('gives back any bytes, with line breaks and blanks anywhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 76 }), (bytes, width) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(decode(text)).toEqual(Buffer.from(bytes));
        for (const lineBreak of ['\n', '\r\n', ' ', '\t'])
          expect(decode(`${text.replace(new RegExp(`.{${width}}`, 'g'), `$&${lineBreak}`)}\n`)).toEqual(
            Buffer.from(bytes),
          );
      }),
    );
  });

  it('takes as much as a secret can hold', () => {
    const bytes = randomBytes(49_152);
    expect(decode(bytes.toString('base64'))).toEqual(bytes);
  });

  it.each([
    ['no padding', 'YQ'],
    ['half the padding', 'YQ='],
    ['too much padding', 'YWI=='],
    ['padding alone', '===='],
    ['padding within', 'YQ==YQ=='],
    ['unused bits, two padded', 'YR=='],
    ['unused bits, one padded', 'YWJ='],
    ['the URL alphabet', '-_-_'],
    ['another character', 'YW.j'],
    ['a NUL', 'YWJj\0'],
    ['a blank that is not ASCII', 'YWJj\u00a0'],
    ['a letter that looks alike', 'YWJ\u0441'],
    ['one character', 'Y'],
    ['a data URL', 'data:;base64,YWJj'],
  ])('refuses %s', (_what, text) => expect(decode(text)).toBeUndefined());

  it('accepts exactly what an encoder writes', () => {
    const text = fc.stringMatching(/^[A-Za-z0-9+/=_-]{0,9}$/);
    fc.assert(
      fc.property(text, (one) => {
        const isCanonical = Buffer.from(one, 'base64').toString('base64') === one;
        expect(decode(one) !== undefined).toBe(isCanonical);
      }),
      { numRuns: 3_000 },
    );
  });

  it('refuses bytes that are no text', () => {
    expect(decodeBase64(new SecretValue(new Uint8Array([0xff, 0xfe, 0xfd, 0xfc])))).toBeUndefined();
  });
});
