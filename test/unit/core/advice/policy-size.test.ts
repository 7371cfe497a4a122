import { expect, it } from 'vitest';
import { policySize, splitPolicy } from '../../../../src/core/advice/policy-size.ts';
import { policyDocument } from '../../../../src/core/iam/policy-document.ts';

const build = (parts: readonly string[]) =>
  policyDocument([{ Effect: 'Allow', Action: 'a:b', Resource: parts }]);

it('counts characters without white space, in values too', () => {
  expect(policySize({ Version: '2012-10-17', Statement: [] })).toBe(
    '{"Version":"2012-10-17","Statement":[]}'.length,
  );
  const [spaced, plain] = [build(['a b\tc']), build(['abc'])];
  // JSON writes the tab as two characters, none of them white space.
  expect(policySize(spaced)).toBe(policySize(plain) + 2);
});

it('makes one policy of what fits to the character', () => {
  const parts = ['x'.repeat(50), 'y'.repeat(50)];
  const size = policySize(build(parts));
  expect(splitPolicy(parts, build, size)).toEqual([build(parts)]);
  expect(splitPolicy(parts, build, size - 1)).toEqual([build(parts.slice(0, 1)), build(parts.slice(1))]);
});

it('keeps every part once and in order, and fills each policy', () => {
  const parts = Array.from({ length: 97 }, (_, index) => 'z'.repeat(1 + ((index * 7) % 40)));
  const policies = splitPolicy(parts, build, 400);
  const resources = policies.map((policy) => policy.Statement[0]?.Resource as readonly string[]);
  expect(resources.flat()).toEqual(parts);
  for (const [index, list] of resources.entries()) {
    expect(policySize(build(list))).toBeLessThanOrEqual(400);
    const next = resources[index + 1]?.[0];
    if (next !== undefined) expect(policySize(build([...list, next]))).toBeGreaterThan(400);
  }
});

it('gives a part that is too large a policy of its own, and makes none of nothing', () => {
  const parts = ['a', 'x'.repeat(500), 'b'];
  expect(splitPolicy(parts, build, 100).map((policy) => policy.Statement[0]?.Resource)).toEqual([
    ['a'],
    [parts[1]],
    ['b'],
  ]);
  expect(splitPolicy([], build, 100)).toEqual([]);
});
