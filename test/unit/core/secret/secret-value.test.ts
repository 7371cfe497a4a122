import { format, inspect } from 'node:util';
import { expect, it } from 'vitest';
import { readDocument, readMembers } from '../../../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';

const CANARY = 'hunter2-canary';

it('prints a placeholder through every channel', () => {
  const value = new SecretValue(CANARY);
  const outputs = [
    `${value}`,
    String(value),
    JSON.stringify({ value }),
    inspect(value),
    inspect({ deep: { value } }, { depth: 9, showHidden: true }),
    format('%s %o %j', value, value, value),
    new Error(`failed: ${value}`, { cause: value }).message,
    Object.keys(value).join(),
    JSON.stringify(Object.entries(value)),
  ];
  for (const output of outputs) expect(output).not.toContain('canary');
});

it('opens text and bytes, and says what cannot be UTF-8', () => {
  expect(new SecretValue('é').revealBytes()).toEqual(new Uint8Array([0xc3, 0xa9]));
  expect(new SecretValue(new Uint8Array([0xc3, 0xa9])).revealText()).toBe('é');
  expect(new SecretValue(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).revealText()).toBe('\ufeffa');
  expect(new SecretValue(new Uint8Array([0xff])).revealText()).toBeUndefined();
  expect(new SecretValue('\ud800').revealBytes()).toBeUndefined();
  expect(new SecretValue('').revealText()).toBe('');
});

it('reads members without ever quoting what it could not read', () => {
  expect(readMembers(readDocument(new SecretValue(`{"password": "${CANARY}`)))).toBeUndefined();
  expect(readMembers(readDocument(new SecretValue(CANARY)))).toBeUndefined();
  expect(readMembers(readDocument(new SecretValue('[1]')))).toBeUndefined();
  expect(readMembers(readDocument(new SecretValue('5')))).toBeUndefined();
  expect(readMembers(readDocument(new SecretValue('null')))).toBeUndefined();
  const members = readMembers(
    readDocument(
      new SecretValue(
        '{"n":1.0e3,"big":12345678901234567890,"s":"","b":true,"o":{"a":[1.50]},"z":null,"__proto__":"p"}',
      ),
    ),
  );
  expect(Object.fromEntries(members ?? [])).toEqual(
    JSON.parse(
      '{"n":"1.0e3","big":"12345678901234567890","s":"","b":"true","o":"{\\"a\\":[1.50]}","z":null,"__proto__":"p"}',
    ),
  );
});
