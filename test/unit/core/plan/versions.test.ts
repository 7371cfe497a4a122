/** The record of delivered versions in termination messages. */
import { expect, test } from 'vitest';
import { formatVersions, parseVersions } from '../../../../src/core/plan/versions.ts';

const ONE = '1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c11';
const TWO = 'terraform-20260101000000000000000001';

test('a record names the version of each secret by its index', () => {
  const line = formatVersions([{ id: ONE }, 'absent', { id: TWO }], 4096);
  expect(line).toBe(`versions v1 3 0=${ONE}; 1=-; 2=${TWO};`);
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
  expect(line).toBe(`versions v1 3 2=${ONE};`);
  expect(parseVersions(line)?.more).toBe(2);
});

test.each([20, 64, 200, 4096])('a record takes at most %d bytes, and counts all secrets', (most) => {
  const versions = Array.from({ length: 500 }, () => ({ id: ONE }));
  const line = formatVersions(versions, most);
  expect(line.length).toBeLessThanOrEqual(most);
  const read = parseVersions(line);
  expect(read?.versions.size).toBe(Math.min(Math.floor((most - 15) / 40), 100 - 1));
  expect((read?.versions.size ?? 0) + (read?.more ?? 0)).toBe(500);
});

test('a record that kubelet cut anywhere is exact about what is left', () => {
  const line = formatVersions([{ id: ONE }, { id: TWO }], 4096);
  for (let length = 'versions v1 2'.length; length < line.length; length += 1) {
    const read = parseVersions(line.slice(0, length));
    expect([...(read?.versions.values() ?? [])]).toEqual([{ id: ONE }].slice(0, length < 53 ? 0 : 1));
    expect(read?.more).toBe(length < 53 ? 2 : 1);
  }
});

test('the record is found among warnings', () => {
  const message = `versions v1 1 0=${ONE};\nsecrets-injector.dev/file.tls: certificate expires in 3 days`;
  expect(parseVersions(message)?.versions.get(0)).toEqual({ id: ONE });
  expect(parseVersions(`a warning\nversions v1 1 0=${ONE};\n`)?.versions.size).toBe(1);
  expect(parseVersions('versions v1 0')).toEqual({ versions: new Map(), more: 0 });
});

test.each([
  ['no message', ''],
  ['a later version of the format', `versions v2 1 0=${ONE};`],
  ['a problem', `SECRET_NOT_FOUND secrets-injector.dev/env.A: versions v1 1 0=${ONE};`],
  ['a record without a count', `versions v1 0=${ONE};`],
  ['a short ID', 'versions v1 1 0=abc;'],
  ['a long ID', `versions v1 1 0=${'a'.repeat(65)};`],
  ['an ID with other characters', `versions v1 1 0=${ONE.replace('-', '/')};`],
  ['an index that is not a number', `versions v1 1 x=${ONE};`],
  ['an index that the plan does not have', `versions v1 1 1=${ONE};`],
  ['an index twice', `versions v1 2 0=${ONE}; 0=-;`],
  ['an index twice, written differently', `versions v1 2 0=${ONE}; 00=-;`],
  ['an entry without an end', `versions v1 2 0=${ONE} 1=${ONE};`],
  ['an entry without an end before a warning', `versions v1 1 0=${ONE}\na warning`],
  ['an empty part', `versions v1 1  0=${ONE};`],
])('%s is not a record', (_, message) => {
  expect(parseVersions(message)).toBeUndefined();
});
