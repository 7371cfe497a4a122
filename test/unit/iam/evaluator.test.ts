/** The evaluator of the tests, by examples of the IAM User Guide. */
import { expect, it } from 'vitest';
import { allows, wildcard } from '../../iam/evaluator.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const ACTION = 'secretsmanager:GetSecretValue';
const policy = (...statements: readonly object[]) => [
  {
    Version: '2012-10-17',
    Statement: statements.map((one) => ({ Effect: 'Allow', Action: ACTION, ...one })),
  },
];

it.each([
  ['a*c', 'abbc', true],
  ['a*c', 'ab', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a?c', 'abbc', false],
  ['a.c', 'abc', false],
  ['a+c', 'aac', false],
  ['*', '', true],
])('%s and %s', (pattern, text, expected) => expect(wildcard(pattern, text)).toBe(expected));

it('compares actions in any case, and resources as written', () => {
  expect(allows(policy({ Resource: ARN }), { action: ACTION.toLowerCase(), resource: ARN })).toBe(true);
  expect(
    allows(policy({ Resource: ARN }), { action: ACTION, resource: ARN.replace('AbCdEf', 'abcdef') }),
  ).toBe(false);
  expect(allows(policy({ Resource: ARN }), { action: 'secretsmanager:PutSecretValue', resource: ARN })).toBe(
    false,
  );
});

it('keeps wildcards within a field of an ARN', () => {
  expect(
    allows(policy({ Resource: 'arn:aws:secretsmanager:*:secret:db-AbCdEf' }), {
      action: ACTION,
      resource: ARN,
    }),
  ).toBe(false);
  expect(
    allows(policy({ Resource: 'arn:aws:secretsmanager:*:*:*' }), { action: ACTION, resource: ARN }),
  ).toBe(true);
});

it('lets an explicit deny win', () => {
  const policies = policy({ Resource: '*' }, { Effect: 'Deny', Resource: ARN });
  expect(allows(policies, { action: ACTION, resource: ARN })).toBe(false);
  expect(allows(policies, { action: ACTION, resource: `${ARN}x` })).toBe(true);
});

it.each<[string, object, Record<string, string | string[]>, boolean]>([
  ['a missing key', { StringEquals: { k: 'a' } }, {}, false],
  ['a missing key with IfExists', { StringEqualsIfExists: { k: 'a' } }, {}, true],
  ['another value with IfExists', { StringEqualsIfExists: { k: 'a' } }, { k: 'b' }, false],
  ['one of several values', { StringEquals: { k: ['a', 'b'] } }, { K: 'b' }, true],
  ['a wildcard with StringEquals', { StringEquals: { k: 'a*' } }, { k: 'ab' }, false],
  ['a wildcard with StringLike', { StringLike: { k: 'a*' } }, { k: 'ab' }, true],
  ['a key that must be missing', { Null: { k: 'true' } }, { k: 'a' }, false],
  ['a key that must be there', { Null: { k: 'false' } }, { k: 'a' }, true],
  ['all of two operators', { StringEquals: { k: 'a' }, Null: { l: 'false' } }, { k: 'a' }, false],
  ['any of several values', { 'ForAnyValue:StringEquals': { k: 'a' } }, { k: ['a', 'b'] }, true],
  ['any of no value', { 'ForAnyValue:StringEquals': { k: 'a' } }, {}, false],
  ['all of several values', { 'ForAllValues:StringEquals': { k: 'a' } }, { k: ['a', 'b'] }, false],
  ['all of no value', { 'ForAllValues:StringEquals': { k: 'a' } }, {}, true],
])('%s', (_name, Condition, context, expected) => {
  expect(allows(policy({ Resource: '*', Condition }), { action: ACTION, resource: ARN, context })).toBe(
    expected,
  );
});

it.each([
  ['elements', { Resource: '*', NotAction: 'x' }],
  ['operators', { Resource: '*', Condition: { StringMatches: { k: 'a' } } }],
  ['principals', { Resource: '*', Principal: '*' }],
  ['variables', { Resource: '*', Condition: { StringEquals: { k: `\${aws:username}` } } }],
])('throws for unknown %s', (_name, statement) => {
  const request = { action: ACTION, resource: ARN, context: { k: 'a' } };
  expect(() => allows(policy(statement), request)).toThrow(TypeError);
});
