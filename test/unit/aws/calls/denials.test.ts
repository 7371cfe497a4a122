/** What a denied call advises, by the policy that denied it. */
import { expect, it } from 'vitest';
import { keyAdvice, readAdvice } from '../../../../src/aws/calls/denials.ts';
import { AwsFailure, type Denial, type PolicyKind } from '../../../../src/aws/calls/errors.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
const OWN_ROLE = 'arn:aws:iam::111122223333:role/shop';
const OTHER_ROLE = 'arn:aws:iam::444455556666:role/shop';
const PERMISSION = `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"${ARN}"}`;
const RESOURCE = (role: string) =>
  `{"Effect":"Allow","Principal":{"AWS":"${role}"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}`;

function advice(denial: Denial | undefined, role: string | undefined, arn = ARN): string {
  return readAdvice(new AwsFailure('AccessDeniedException', 400, undefined, denial), { arn }, role);
}

it.each<[PolicyKind, string]>([
  ['service-control', 'service control policy'],
  ['resource-control', 'resource control policy'],
  ['boundary', 'permissions boundary'],
  ['session', 'session policy'],
  ['endpoint', 'VPC endpoint'],
])('%s: names the policy, and no statement for another', (policy, says) => {
  const missing = advice({ policy, isExplicit: false }, OWN_ROLE);
  expect(missing).toMatch(/^allow the call in /);
  expect(missing).toContain(says);
  expect(missing).not.toContain('"Effect"');
  expect(advice({ policy, isExplicit: true }, OWN_ROLE)).toMatch(/^remove the explicit deny in /);
});

it.each<[PolicyKind]>([['identity'], ['resource']])(
  '%s: an explicit deny is removed, not allowed',
  (policy) => {
    expect(advice({ policy, isExplicit: true }, OWN_ROLE)).toMatch(/^remove the explicit deny in /);
  },
);

it('the permission policy', () => {
  const permission = `add to the permission policy of the role: ${PERMISSION}`;
  expect(advice({ policy: 'identity', isExplicit: false }, OTHER_ROLE)).toBe(permission);
  // AWS does not say which, and the account does.
  expect(advice(undefined, OWN_ROLE)).toBe(permission);
});

it('the resource policy', () => {
  expect(advice({ policy: 'resource', isExplicit: false }, OTHER_ROLE)).toBe(
    `add to the resource policy of the secret: ${RESOURCE(OTHER_ROLE)}`,
  );
});

it('either, if neither AWS nor the account says which', () => {
  for (const role of [OTHER_ROLE, undefined]) {
    const both = advice(undefined, role);
    expect(both).toContain(PERMISSION);
    expect(both).toContain(RESOURCE(role ?? '<ARN of the role>'));
  }
});

it('a partial ARN: the statement matches its suffix', () => {
  const arn = ARN.slice(0, -7);
  expect(advice(undefined, OWN_ROLE, arn)).toContain(`"Resource":"${arn}-??????"`);
});

it('the key: a statement for this secret alone, through Secrets Manager alone', () => {
  const kms = new AwsFailure('AccessDeniedException', 400, 'kms');
  expect(keyAdvice(kms, { arn: ARN }, OWN_ROLE)).toBe(
    `add to the permission policy of the role: {"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:111122223333:key/*","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com","kms:EncryptionContext:SecretARN":"${ARN}"}}}, and check the policy of the key`,
  );
  expect(keyAdvice(kms, { arn: ARN }, OTHER_ROLE)).toContain(
    '"Principal":{"AWS":"arn:aws:iam::444455556666:',
  );
  const china = 'arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:db';
  expect(keyAdvice(kms, { arn: china }, undefined)).toContain(
    `"Condition":{"StringEquals":{"kms:ViaService":["secretsmanager.cn-north-1.amazonaws.com","secretsmanager.cn-north-1.amazonaws.com.cn"]},"StringLike":{"kms:EncryptionContext:SecretARN":"${china}-??????"}}`,
  );
});
