/** The record of delivered versions in termination messages. */
import { expect, test } from 'vitest';
import { formatVersions, parseVersions } from '../../../../src/core/plan/versions.ts';

const ONE = '1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c11';
const TWO = 'terraform-20260101000000000000000001';

test('a record names the version of each secret by its index', () => {
  const line = formatVersions([{ id: ONE }, 'absent', { id: TWO }], 4096);
  expect(line).toBe(`versions v1 0=${ONE} 1=- 2=${TWO}`);
  expect(parseVersions(line)).toEqual({
    versions: new Map<number, unknown>([
      [0, { id: ONE }],
      [1, 'absent'],
      [2, { id: TWO }],
    ]),
    more: 0,
  });
});

test('what is not a version ID is counted, but not written', () => {
  const line = formatVersions([{ id: 'a password' }, undefined, { id: ONE }], 4096);
  expect(line).toBe(`versions v1 2=${ONE} +2`);
  expect(parseVersions(line)?.more).toBe(2);
});

test.each([0, 30, 200, 4096])('a record takes at most %d bytes, and counts the rest', (most) => {
  const versions = Array.from({ length: 500 }, () => ({ id: ONE }));
  const line = formatVersions(versions, Math.max(most, 16));
  expect(line.length).toBeLessThanOrEqual(Math.max(most, 16));
  const read = parseVersions(line);
  expect((read?.versions.size ?? 0) + (read?.more ?? 0)).toBe(500);
});

test('the record is found among warnings', () => {
  const message = `versions v1 0=${ONE}\nsecrets-injector.dev/file.tls: certificate expires in 3 days`;
  expect(parseVersions(message)?.versions.get(0)).toEqual({ id: ONE });
  expect(parseVersions(`a warning\nversions v1 0=${ONE}`)?.versions.size).toBe(1);
  expect(parseVersions('versions v1')).toEqual({ versions: new Map(), more: 0 });
});

test.each([
  ['no message', ''],
  ['a later version of the format', `versions v2 0=${ONE}`],
  ['a problem', 'SECRET_NOT_FOUND secrets-injector.dev/env.A: versions v1'],
  ['a short ID', 'versions v1 0=abc'],
  ['a long ID', `versions v1 0=${'a'.repeat(65)}`],
  ['an ID with other characters', `versions v1 0=${ONE.replace('-', '/')}`],
  ['an index that is not a number', `versions v1 x=${ONE}`],
  ['a large index', `versions v1 1000=${ONE}`],
  ['an index twice', `versions v1 0=${ONE} 0=-`],
  ['an index twice, written differently', `versions v1 0=${ONE} 00=-`],
  ['a count that is not at the end', `versions v1 +1 0=${ONE}`],
  ['an empty part', `versions v1  0=${ONE}`],
  ['a line that was cut', `versions v1 0=${ONE} 1=${ONE.slice(0, 20)}`],
])('%s is not a record', (_, message) => {
  expect(parseVersions(message)).toBeUndefined();
});
