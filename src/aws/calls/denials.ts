/** What to do about a denied call, as far as the answer tells the policies apart, with the statement that is missing. */
import type { Statement } from '../../core/iam/policy-document.ts';
import {
  decryptStatement,
  readStatement,
  shareKeyStatement,
  shareStatement,
} from '../../core/iam/statements.ts';
import { parseArn, type SecretArn } from '../../core/names/arn.ts';
import { parseRoleArn } from '../../core/names/role-arn.ts';
import type { PlanSecret } from '../../core/plan/plan.ts';
import { AwsFailure, type Denial } from './errors.ts';

/**
 * Advice for a policy that must not deny, or that neither the role nor the resource has.
 * @param resource the name of the resource-based policy of the call
 */
export function deniedBy(denial: Denial | undefined, resource: string): string | undefined {
  if (denial === undefined) return undefined;
  const policy = denial.policy === 'resource' ? resource : POLICIES[denial.policy];
  if (denial.isExplicit) return `remove the explicit deny in ${policy}`;
  return denial.policy === 'identity' || denial.policy === 'resource' || denial.policy === 'trust'
    ? undefined
    : `allow the call in ${policy}`;
}

const POLICIES: Readonly<Record<Exclude<Denial['policy'], 'resource'>, string>> = {
  identity: 'the permission policy of the role',
  'service-control': "a service control policy of the role's organization",
  'resource-control': "a resource control policy of the secret's organization",
  boundary: 'the permissions boundary of the role',
  session: 'the session policy',
  endpoint: 'the policy of the VPC endpoint',
  trust: 'the trust policy of the role',
};

/** A secret that the role may not read. @param roleArn the role of the session, if it is known */
export function readAdvice(failure: unknown, secret: PlanSecret, roleArn: string | undefined): string {
  const denial = denialOf(failure);
  const elsewhere = deniedBy(denial, 'the resource policy of the secret');
  const arn = arnOf(secret);
  if (arn === undefined) return elsewhere ?? 'allow secretsmanager:GetSecretValue';
  const permission = `add to the permission policy of the role: ${written(readStatement(arn))}`;
  const resource = `add to the resource policy of the secret: ${written(shareStatement(principalOf(roleArn)))}`;
  if (elsewhere !== undefined)
    return `${elsewhere}; secretsmanager:GetSecretValue must be allowed for ${arn.text}`;
  if (denial?.policy === 'resource') return resource;
  if (denial?.policy === 'identity' || isSameAccount(arn, roleArn)) return permission;
  return `${permission}; if the secret is in another account than the role, also ${resource}`;
}

/** A secret whose key the role may not use. @param roleArn the role of the session, if it is known */
export function keyAdvice(failure: unknown, secret: PlanSecret, roleArn: string | undefined): string {
  if (failure instanceof AwsFailure && failure.detail === 'kms-default-key')
    return 'encrypt the secret with a customer managed key: the key aws/secretsmanager cannot be used from another account';
  const arn = arnOf(secret);
  const elsewhere = deniedBy(denialOf(failure), 'the policy of the key');
  if (arn === undefined || elsewhere !== undefined)
    return `${elsewhere === undefined ? '' : `${elsewhere}; `}kms:Decrypt must be allowed`;
  const permission = `add to the permission policy of the role: ${written(decryptStatement(arn))}`;
  if (isSameAccount(arn, roleArn)) return `${permission}, and check the policy of the key`;
  return `${permission}; if the key is in another account than the role, also add to the policy of the key: ${written(shareKeyStatement([arn], principalOf(roleArn)))}`;
}

/** Without the webhook, anything can be in the variable. */
function principalOf(roleArn: string | undefined): string {
  return parseRoleArn(roleArn ?? '')?.text ?? '<ARN of the role>';
}

function isSameAccount(arn: SecretArn, roleArn: string | undefined): boolean {
  return roleArn !== undefined && parseRoleArn(roleArn)?.account === arn.account;
}

function denialOf(failure: unknown): Denial | undefined {
  return failure instanceof AwsFailure ? failure.denial : undefined;
}

function arnOf({ arn }: PlanSecret): SecretArn | undefined {
  const parsed = parseArn(arn, '');
  return parsed.ok ? parsed.value : undefined;
}

function written(statement: Statement): string {
  return JSON.stringify(statement);
}
