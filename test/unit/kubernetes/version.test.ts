import { expect, test } from 'vitest';
import { isAtLeast, parseVersion, readServerVersion } from '../../../src/kubernetes/version.ts';

test.each([
  ['1.35.4', 35],
  ['v1.35.4+k3s1', 35],
  ['v1.36.0-eks-abc', 36],
  ['v1.35', 35],
  ['v1.35.0-alpha.1', 34],
  ['v1.35.0-rc.0', 34],
  ['v1.35.1-beta.0', 35],
])('%s has the features of 1.%i', (text, minor) => {
  expect(parseVersion(text)).toEqual({ major: 1, minor, text });
});

test.each(['', 'v1', '1.x', 'latest', '1.35.4 ', `1.35.4-${'x'.repeat(101)}`, '1.35\n'])(
  '%j is not a version',
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);

test('an API server reports an exact version, or major and minor', () => {
  expect(readServerVersion({ gitVersion: 'v1.36.1', major: '1', minor: '35' })?.minor).toBe(36);
  expect(readServerVersion({ major: '1', minor: '35+' })?.minor).toBe(35);
  expect(readServerVersion({ gitVersion: 'devel', major: '1', minor: '35' })?.minor).toBe(35);
  for (const json of [undefined, null, [], 'v1.35.0', { gitVersion: 1 }, { major: '1' }])
    expect(readServerVersion(json)).toBeUndefined();
});

test('a newer major version has everything', () => {
  const at = (text: string) => isAtLeast(parseVersion(text) ?? { major: 0, minor: 0, text }, 35);
  expect([at('2.0.0'), at('1.35.0'), at('1.34.9'), at('0.99.0')]).toEqual([true, true, false, false]);
});
