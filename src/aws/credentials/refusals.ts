/**
 * The problems of a sign-in that was refused. Each names the cause as far as the answer shows it, and the statement that is
 * missing, ready to be pasted into a policy.
 */
import type { Statement } from '../../core/iam/policy-document.ts';
import {
  assumedRoleTrust,
  assumeStatement,
  podIdentityTrust,
  type WebIdentities,
  webIdentityTrust,
} from '../../core/iam/statements.ts';
import { annotationKey } from '../../core/names/annotation-keys.ts';
import { parseRoleArn } from '../../core/names/role-arn.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import { deniedBy } from '../calls/denials.ts';
import { AwsFailure, ERRORS, rowOf } from '../calls/errors.ts';
import { unavailable } from '../calls/problems.ts';
import type { PodFacts } from '../environment.ts';
import type { TokenClaims } from './token-claims.ts';

/** STS did not exchange the token. @param claims of the token, if it was read */
export function webIdentityRefused(
  failure: unknown,
  roleArn: string,
  claims: TokenClaims | undefined,
): FetchProblem {
  const subject = 'AWS_ROLE_ARN';
  if (!(failure instanceof AwsFailure) || isUnanswered(failure)) return unavailable(failure, subject, 'STS');
  return refused(subject, `STS rejected the role ${quote(roleArn, 200)}`, failure, {
    AccessDenied: deniedBy(failure.denial, 'the trust policy of the role') ?? trustAdvice(roleArn, claims),
    InvalidIdentityToken: tokenAdvice(failure, roleArn, claims),
    IDPCommunicationError: `make ${issuerOf(claims)} reachable from AWS; STS could not connect to it`,
  });
}

function trustedBy({ issuer, subject, audience }: TokenClaims): WebIdentities {
  return { host: issuer.replace(/^https:\/\//, ''), audience, subjects: subject };
}

function issuerOf(claims: TokenClaims | undefined): string {
  return claims?.issuer ?? "the cluster's OIDC issuer";
}

function trustAdvice(roleArn: string, claims: TokenClaims | undefined): string {
  const role = parseRoleArn(roleArn);
  const allow =
    role === undefined || claims === undefined
      ? 'allow sts:AssumeRoleWithWebIdentity to the service account of the pod in the trust policy of the role'
      : `add to the trust policy of the role: ${written(webIdentityTrust(role, trustedBy(claims)))}`;
  return `${allow}; or the role does not exist: check the ARN`;
}

function tokenAdvice({ detail }: AwsFailure, roleArn: string, claims: TokenClaims | undefined): string {
  const account = parseRoleArn(roleArn)?.account ?? 'of the role';
  const issuer = issuerOf(claims);
  switch (detail) {
    case 'oidc-provider':
      return `create an IAM OIDC identity provider for ${issuer} in account ${account}; its URL must match the issuer`;
    case 'audience':
      return `add the audience ${claims?.audience ?? 'of the token'} to the IAM OIDC identity provider for ${issuer} in account ${account}, or set role-token-audience to an audience that the provider lists`;
    default:
      return `check that ${issuer} and its keys are public (/.well-known/openid-configuration), and that account ${account} has an IAM OIDC identity provider for it with audience ${claims?.audience ?? 'sts.amazonaws.com'}`;
  }
}

/** The agent did not return credentials. */
export function podIdentityRefused(failure: unknown, pod: PodFacts): FetchProblem {
  const subject = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
  if (!(failure instanceof AwsFailure) || isUnanswered(failure)) {
    const problem = unavailable(failure, subject, 'the EKS Pod Identity Agent');
    return problem.code === 'AWS_THROTTLED' ? problem : { ...problem, expected: AGENT_ADVICE };
  }
  const account = `${pod.namespace ?? '<namespace>'}/${pod.serviceAccount ?? '<service account>'}`;
  return refused(
    subject,
    `the EKS Pod Identity Agent rejected service account ${quote(account, 100)}`,
    failure,
    {
      AccessDeniedException: `add to the trust policy of the associated role: ${written(podIdentityTrust())}`,
      ResourceNotFoundException: `create an association: aws eks create-pod-identity-association --cluster-name <cluster> --namespace ${pod.namespace ?? '<namespace>'} --service-account ${pod.serviceAccount ?? '<service account>'} --role-arn <role>; a new one takes some seconds`,
      InvalidTokenException:
        'check that the token in the volume eks-pod-identity-token has the audience pods.eks.amazonaws.com and was issued by this cluster',
    },
    'check the association of the service account and the logs of the agent on the node',
  );
}

const CLOCK_DIFFERS = 'set the clock of the node: it differs from the time of AWS by more than five minutes';
const AGENT_ADVICE =
  'check that the add-on eks-pod-identity-agent runs on the node of the pod, and that network policies, meshes and hostPort rules let the pod reach 169.254.170.23 (or fd00:ec2::23) on port 80';

/** The endpoint of the agent is another host, which must not get the token. */
export function foreignAgent(): FetchProblem {
  return {
    code: 'IDENTITY_INVALID',
    subject: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    wrong: 'the variable does not name the EKS Pod Identity Agent',
    expected:
      'use http://169.254.170.23/v1/credentials or http://[fd00:ec2::23]/v1/credentials; the EKS pod identity webhook sets it',
  };
}

export interface AssumedRole {
  readonly roleArn: string;
  readonly externalId: string | undefined;
  /** The role that assumes it, if it is known. */
  readonly principal: string | undefined;
}

/** The second role was not assumed. */
export function assumedRoleRefused(failure: unknown, role: AssumedRole): FetchProblem {
  const subject = annotationKey('assume-role-arn');
  if (!(failure instanceof AwsFailure) || isUnanswered(failure)) return unavailable(failure, subject, 'STS');
  const { roleArn, externalId } = role;
  // Without the webhook, anything can be in the variables.
  const principal = parseRoleArn(role.principal ?? '')?.text ?? '<ARN of the role of the pod>';
  const assumed = parseRoleArn(roleArn)?.text ?? '<ARN of the role>';
  const both = `to the policy of the role of the pod: ${written(assumeStatement([assumed]))}; to the trust policy of ${assumed}: ${assumedRoleTrust([principal], externalId).map(written).join(',')}`;
  if (failure.detail === 'tag-session') {
    return {
      code: 'IDENTITY_TAGS_DENIED',
      subject,
      wrong: `the role of the pod is not allowed to set session tags for ${quote(roleArn, 200)}`,
      expected: `allow sts:TagSession in addition to sts:AssumeRole; add ${both}`,
    };
  }
  const elsewhere = deniedBy(failure.denial, 'the trust policy of the role');
  return refused(
    subject,
    `STS rejected the role ${quote(roleArn, 200)}`,
    failure,
    {
      AccessDenied:
        elsewhere === undefined
          ? `add ${both}; or the role does not exist: check the ARN`
          : `${elsewhere}; sts:AssumeRole and sts:TagSession must be allowed`,
      ValidationError: `check the ARN of the role and ${annotationKey('external-id')}`,
      SignatureDoesNotMatch:
        failure.detail === 'clock' ? CLOCK_DIFFERS : 'check proxies that change requests',
    },
    'check the role, its trust policy and its external ID',
  );
}

function refused(
  subject: string,
  wrong: string,
  failure: AwsFailure,
  advice: Readonly<Record<string, string>>,
  otherwise = 'check the role, its trust policy and the OIDC provider of the cluster',
): FetchProblem {
  const { code } = failure;
  return {
    code: 'IDENTITY_REFUSED',
    subject,
    wrong: `${wrong} (${code})`,
    expected: (Object.hasOwn(advice, code) ? advice[code] : ERRORS[code]?.signInAdvice) ?? otherwise,
  };
}

/** Whether an error says nothing about the role. Some transient errors do, when they last. */
function isUnanswered(failure: AwsFailure): boolean {
  const { retry } = rowOf(failure);
  return failure.status >= 500 || failure.status < 400 || retry === 'throttled';
}

function written(statement: Statement): string {
  return JSON.stringify(statement);
}
