import { expect, it } from 'vitest';
import {
  formatVersionMap,
  readVersionMap,
  secretOfKey,
  versionKey,
} from '../../../../src/core/plan/version-map.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf';
const ID = '1c8b7e0a-0000-4000-8000-000000000001';

it('a key is the ARN, with the staging label if it is not AWSCURRENT', () => {
  expect(versionKey({ arn: ARN })).toBe(ARN);
  expect(versionKey({ arn: ARN, stage: 'AWSCURRENT' })).toBe(ARN);
  expect(versionKey({ arn: ARN, stage: 'AWSPREVIOUS' })).toBe(`${ARN}::AWSPREVIOUS`);
  expect(versionKey({ arn: ARN, versionId: ID })).toBeUndefined();
  expect(secretOfKey(ARN)).toEqual({ arn: ARN, stage: 'AWSCURRENT' });
  expect(secretOfKey(`${ARN}::a:b`)).toEqual({ arn: ARN, stage: 'a:b' });
});

it('is read as it was written, and the order does not matter', () => {
  const versions = new Map([
    [`${ARN}::X`, ID],
    [ARN, ID],
  ]);
  const text = formatVersionMap(versions);
  expect(text).toBe(formatVersionMap(new Map([...versions].reverse())));
  expect(readVersionMap(text)).toEqual({ ok: true, value: versions });
});

it.each([
  '',
  'null',
  '[]',
  '"x"',
  `{"x":"${ID}"}`,
  `{"${ARN}":"short"}`,
  `{"${ARN}":null}`,
  `{"${ARN}":"${'a'.repeat(65)}"}`,
])('is not a map of versions: %s', (text) => {
  expect(readVersionMap(text).ok).toBe(false);
});

it('a text without end is not read', () => {
  expect(readVersionMap(`{}${' '.repeat(128 * 1024)}`).ok).toBe(false);
});
