import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it } from 'vitest';
import { certificateWarnings } from '../../../../src/fetcher/files/certificate-expiry.ts';

const DAY = 86_400_000;
const END = Date.UTC(2030, 0, 31);
let certificate: string;

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'canary-name' }], {
    keyType: 'ec',
    curve: 'P-256',
    notBeforeDate: new Date(END - 90 * DAY),
    notAfterDate: new Date(END),
  });
  certificate = made.cert;
});

describe('a certificate', () => {
  it.each([
    [31 * DAY, undefined],
    [30 * DAY + DAY - 1, 'expires in 30 days'],
    [6 * DAY, 'expires in 6 days'],
    [DAY, 'expires in 1 day'],
    [DAY - 1, 'expires in less than a day'],
    [1, 'expires in less than a day'],
    [0, 'expired less than a day ago'],
    [-DAY, 'expired 1 day ago'],
    [-400 * DAY, 'expired 400 days ago'],
  ])('%i ms before its end', (left, state) => {
    expect(certificateWarnings(certificate, 'file.tls.crt', 'arn:x', END - left)).toEqual(
      state === undefined ? [] : [`file.tls.crt: certificate in secret arn:x ${state}`],
    );
  });
});

it('is counted among several', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  expect(certificateWarnings(`${certificate}\n${broken}`, 's', 'a', END - 6 * DAY)).toEqual([
    's: certificate 1 of 2 in secret a expires in 6 days',
    's: certificate 2 of 2 in secret a cannot be parsed',
  ]);
});

it('is all that is looked at', () => {
  for (const text of ['', 'password', '-----BEGIN CERTIFICATE-----\n', '{"a":1}'])
    expect(certificateWarnings(text, 's', 'a', END)).toEqual([]);
});
