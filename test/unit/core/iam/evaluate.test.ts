/** The evaluator of policies that decides, or says that it cannot. */
import { describe, expect, it } from 'vitest';
import { appliesTo, effectsOf } from '../../../../src/core/iam/evaluate.ts';
import {
  literalStart,
  matchesArn,
  matchesResource,
  matchesText,
  readPattern,
} from '../../../../src/core/iam/patterns.ts';
import { type Policy, readPolicy } from '../../../../src/core/iam/read-policy.ts';
import { RequestContext } from '../../../../src/core/iam/request-context.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
const READ = 'secretsmanager:GetSecretValue';

function pattern(text: string, variables?: RequestContext) {
  const read = readPattern(text, { variables, hasWildcards: true });
  if (read === undefined) throw new TypeError('a variable has no value');
  return read;
}

describe('patterns', () => {
  it.each([
    ['*', 'a', 'yes'],
    ['**', '', 'yes'],
    ['a?c', 'abc', 'yes'],
    ['a?c', 'ac', 'no'],
    ['a*b*c', 'axxbyyc', 'yes'],
    ['a*b*c', 'axxcyy', 'no'],
    ['*ab', 'aab', 'yes'],
    ['a.c', 'abc', 'no'],
  ])('%s and %s: %s', (text, value, expected) => {
    expect(matchesText(pattern(text), value)).toBe(expected);
  });

  it.each([
    ['*', 'yes'],
    ['arn:aws:secretsmanager:*', 'yes'],
    ['arn:aws:secretsmanager:*:*:secret:prod/*', 'yes'],
    ['arn:aws:secretsmanager:eu-*:111122223333:secret:prod/db-??????', 'yes'],
    ['arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/d-??????', 'no'],
    // A star inside a field does not certainly end with the field.
    ['arn:aws:secretsmanager:eu*3333:secret:prod/db-AbCdEf', 'unknown'],
  ])('the resource %s: %s', (text, expected) => {
    expect(matchesResource(pattern(text), ARN)).toBe(expected);
  });

  it('compares ARNs field by field, and the rest as one', () => {
    expect(matchesArn(pattern('arn:aws:secretsmanager:*'), ARN)).toBe('no');
    expect(matchesArn(pattern('arn:*:secretsmanager:*:*:*'), ARN)).toBe('yes');
  });

  it('inserts variables as plain text, and keeps those open that are not known', () => {
    const context = new RequestContext({ 'aws:PrincipalTag/team': ['a*'], 'aws:username': 'absent' });
    expect(matchesText(pattern(`\${aws:PrincipalTag/team}/x`, context), 'a*/x')).toBe('yes');
    expect(matchesText(pattern(`\${aws:principaltag/TEAM}/x`, context), 'ab/x')).toBe('no');
    expect(matchesText(pattern(`\${aws:PrincipalTag/other}/x`, context), 'ab/x')).toBe('unknown');
    expect(matchesText(pattern(`\${aws:PrincipalTag/other}/x`, context), 'ab/y')).toBe('no');
    expect(matchesText(pattern(`\${aws:username, 'none'}`, context), 'none')).toBe('yes');
    expect(matchesText(pattern(`\${*}`, context), '*')).toBe('yes');
    expect(matchesText(pattern(`\${*}`, context), 'a')).toBe('no');
    const absent = readPattern(`\${aws:username}`, { variables: context, hasWildcards: true });
    expect(absent).toBeUndefined();
    expect(literalStart(pattern(`a\${aws:PrincipalTag/team}b?c`, context))).toBe('aa*b');
  });

  it('takes time that does not explode', () => {
    expect(matchesText(pattern(`${'a*'.repeat(500)}b`), 'a'.repeat(5000))).toBe('no');
  });
});

function policyOf(statement: object, version = '2012-10-17'): Policy {
  const read = readPolicy({ Version: version, Statement: [statement] });
  if (!read.ok) throw new TypeError(read.problem);
  return read.value;
}

function applies(statement: object, context: RequestContext, version?: string): string {
  const complete = { Effect: 'Allow', Action: READ, Resource: '*', ...statement };
  // Without members that are undefined.
  const policy = policyOf(JSON.parse(JSON.stringify(complete)), version);
  const [only] = policy.statements;
  if (only === undefined) throw new TypeError('no statement');
  return appliesTo(only, policy, { action: READ, resource: ARN, context });
}

const TAG = 'aws:ResourceTag/team';
const context = new RequestContext(
  { [TAG]: ['shop'], 'aws:PrincipalTag/team': ['shop'], 'aws:SecureTransport': ['true'], many: ['a', 'b'] },
  ['aws:ResourceTag/'],
);

describe('conditions', () => {
  it.each([
    [{ StringEquals: { [TAG]: 'shop' } }, 'yes'],
    [{ StringEquals: { 'AWS:resourcetag/TEAM': ['x', 'shop'] } }, 'yes'],
    [{ StringEquals: { [TAG]: 'sh*' } }, 'no'],
    [{ StringEquals: { [TAG]: `\${aws:PrincipalTag/team}` } }, 'yes'],
    [{ StringEquals: { [TAG]: `\${aws:PrincipalTag/other}` } }, 'unknown'],
    [{ StringEqualsIgnoreCase: { [TAG]: 'SHOP' } }, 'yes'],
    [{ StringNotEquals: { [TAG]: 'shop' } }, 'no'],
    [{ StringNotEquals: { 'aws:ResourceTag/none': 'shop' } }, 'yes'],
    [{ StringNotLike: { [TAG]: 'x*' } }, 'yes'],
    [{ StringLike: { [TAG]: 'sh?p' } }, 'yes'],
    [{ StringEquals: { 'aws:ResourceTag/none': 'shop' } }, 'no'],
    [{ StringEqualsIfExists: { 'aws:ResourceTag/none': 'shop' } }, 'yes'],
    [{ StringEquals: { 'aws:SourceVpce': 'vpce-1' } }, 'unknown'],
    [{ StringEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } }, 'unknown'],
    [{ Bool: { 'aws:SecureTransport': true } }, 'yes'],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, 'no'],
    [{ Null: { 'aws:ResourceTag/none': 'true' } }, 'yes'],
    [{ Null: { [TAG]: 'true' } }, 'no'],
    [{ Null: { 'aws:SourceVpce': 'false' } }, 'unknown'],
    [{ 'ForAllValues:StringEquals': { many: ['a', 'b', 'c'] } }, 'yes'],
    [{ 'ForAllValues:StringEquals': { many: ['a'] } }, 'no'],
    [{ 'ForAllValues:StringEquals': { 'aws:ResourceTag/none': ['a'] } }, 'yes'],
    [{ 'ForAnyValue:StringEquals': { many: ['b'] } }, 'yes'],
    [{ 'ForAnyValue:StringEquals': { 'aws:ResourceTag/none': ['a'] } }, 'no'],
    [{ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, 'unknown'],
    [{ DateLessThan: { [TAG]: '2026-01-01T00:00:00Z' } }, 'unknown'],
    [{ NoSuchOperator: { [TAG]: 'shop' } }, 'unknown'],
    [{ StringEquals: { [TAG]: 'shop', 'aws:SourceVpce': 'vpce-1' } }, 'unknown'],
    [{ StringEquals: { [TAG]: 'x', 'aws:SourceVpce': 'vpce-1' } }, 'no'],
  ])('%j: %s', (Condition, expected) => {
    expect(applies({ Condition }, context)).toBe(expected);
  });

  it('reads variables as text in policies of the old version', () => {
    const Condition = { StringEquals: { [TAG]: `\${aws:PrincipalTag/team}` } };
    expect(applies({ Condition }, context, '2008-10-17')).toBe('no');
  });
});

describe('statements', () => {
  it.each([
    [{ Action: 'SecretsManager:getsecret*' }, 'yes'],
    [{ Action: '*' }, 'yes'],
    [{ Action: ['s3:*', 'secretsmanager:Describe*'] }, 'no'],
    [{ Action: undefined, NotAction: 's3:*' }, 'yes'],
    [{ Action: undefined, NotAction: 'secretsmanager:Get*' }, 'no'],
    [{ Resource: undefined, NotResource: ARN }, 'no'],
    [{ Resource: undefined, NotResource: 'arn:aws:s3:::*' }, 'yes'],
    [{ Resource: `\${aws:PrincipalTag/other}*` }, 'unknown'],
    [{ Resource: undefined, NotResource: `\${aws:PrincipalTag/other}*` }, 'unknown'],
  ])('%j: %s', (statement, expected) => {
    expect(applies(statement, context)).toBe(expected);
  });

  it('an explicit deny is separate from an allow, and reasons name the keys', () => {
    const allow = policyOf({ Effect: 'Allow', Action: '*', Resource: '*' });
    const Condition = { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } };
    const deny = policyOf({ Effect: 'Deny', Action: '*', Resource: '*', Condition });
    expect(effectsOf([allow, deny], { action: READ, resource: ARN, context })).toEqual({
      allow: 'yes',
      deny: 'unknown',
      reasons: ['a condition on aws:SourceVpce'],
    });
  });
});

describe('documents', () => {
  it('reads text as the API encodes it, and one statement without a list', () => {
    const json = JSON.stringify({ Statement: { Effect: 'Allow', Action: 'a:b', Resource: '*' } });
    for (const text of [json, encodeURIComponent(json)])
      expect(readPolicy(text)).toMatchObject({ ok: true, value: { hasVariables: false } });
  });

  it.each([
    [undefined, 'is not a JSON object'],
    ['%', 'is not a JSON object'],
    [{}, 'statement 1 is not an object'],
    [{ Statement: [{ Effect: 'allow' }] }, 'statement 1 has no valid Effect'],
    [{ Statement: [{ Effect: 'Allow' }] }, 'statement 1 has no Action'],
    [{ Statement: [{ Effect: 'Allow', Action: 1 }] }, 'statement 1 has an invalid Action'],
    [{ Statement: [{ Effect: 'Allow', Action: 'a', NotAction: 'b' }] }, 'statement 1 has an invalid Action'],
    [
      { Statement: [{ Effect: 'Allow', Action: 'a', Principal: 'b' }] },
      'statement 1 has an invalid Principal',
    ],
    [
      { Statement: [{ Effect: 'Allow', Action: 'a', Condition: [] }] },
      'statement 1 has an invalid Condition',
    ],
    [{ Statement: [{ Effect: 'Allow', Action: 'a', More: 1 }] }, 'statement 1 has an unknown element'],
  ])('%j: %s', (document, problem) => {
    expect(readPolicy(document)).toEqual({ ok: false, problem });
  });

  it('has a limit on the number of statements', () => {
    const problem = 'has more than 500 statements';
    expect(readPolicy({ Statement: Array(501).fill({}) })).toEqual({ ok: false, problem });
  });
});
