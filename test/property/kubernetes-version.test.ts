import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAtLeast, parseVersion, readServerVersion } from '../../src/kubernetes/version.ts';

describe('a version', () => {
  it.each([
    ['v1.35.4', 1, 35],
    ['1.35.4', 1, 35],
    ['1.35', 1, 35],
    ['v1.35.4+k3s1', 1, 35],
    ['v1.35.4+rke2r1', 1, 35],
    ['v1.36.0-eks-abc1234', 1, 36],
    ['v1.35.2-gke.1080000', 1, 35],
    ['v1.35.1-aliyun.1', 1, 35],
    ['v2.0.0', 2, 0],
    ['v1.35.0-rc.1', 1, 34],
    ['1.35.0-alpha.1', 1, 34],
    ['v1.36.0-alpha.0.12+0123456789abcd', 1, 35],
    ['v1.35.0-beta.0-eks-1', 1, 34],
    // Built from what comes after 1.35.0.
    ['v1.35.1-beta.0', 1, 35],
    ['v1.35.0-rck.1', 1, 35],
  ])('%s', (text, major, minor) => {
    expect(parseVersion(text)).toEqual({ major, minor, text });
  });

  it.each([
    '',
    'v',
    '1',
    'v1.',
    'v1.x.0',
    '1.35.4 ',
    ' 1.35.4',
    '1.35.4\n',
    '1.35abc',
    'v1.35.4.1',
    '-1.35.0',
    'v0.0.0-master+$Format:%H$',
    '１.35.0',
  ])('%j is none', (text) => expect(parseVersion(text)).toBeUndefined());

  const number = fc.integer({ min: 0, max: 999 });
  const suffix = fc.oneof(
    fc.constant(''),
    fc.constantFrom('+k3s1', '-eks-abc', '-gke.1', '-fips', '+a.b-c'),
    fc.stringMatching(/^\+[0-9A-Za-z.-]{1,20}$/),
  );

  it('keeps its numbers whatever a distribution adds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'v'),
        number,
        number,
        number,
        suffix,
        (v, major, minor, patch, rest) => {
          const text = `${v}${major}.${minor}.${patch}${rest}`;
          expect(parseVersion(text)).toEqual({ major, minor, text });
        },
      ),
    );
  });

  it('of a pre-release is below its own, and not below the one before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.constantFrom('alpha', 'beta', 'rc'),
        number,
        suffix,
        (minor, word, count, rest) => {
          const version = parseVersion(`v1.${minor}.0-${word}.${count}${rest}`);
          expect(version !== undefined && isAtLeast(version, minor)).toBe(false);
          expect(version !== undefined && isAtLeast(version, minor - 1)).toBe(true);
        },
      ),
    );
  });

  it('is read from any text, or is none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const version = parseVersion(text);
        if (version !== undefined) expect(text).toMatch(/^v?\d+\.\d+/);
      }),
    );
  });
});

describe('the answer of /version', () => {
  it.each([
    [{ major: '1', minor: '35+', gitVersion: 'v1.35.4-eks-1' }, 35, 'v1.35.4-eks-1'],
    [{ major: '1', minor: '35+' }, 35, '1.35'],
    [{ major: '1', minor: '35', gitVersion: 'v0.0.0-master+$Format:%H$' }, 35, '1.35'],
    // The exact one wins.
    [{ major: '1', minor: '35', gitVersion: 'v1.35.0-alpha.1' }, 34, 'v1.35.0-alpha.1'],
  ])('%j', (json, minor, text) => {
    expect(readServerVersion(json)).toEqual({ major: 1, minor, text });
  });

  it('is anything, and then it is none', () => {
    expect(readServerVersion({ major: 1, minor: 35 })).toBeUndefined();
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(readServerVersion(json)).toBeUndefined();
      }),
    );
  });
});
