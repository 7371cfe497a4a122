/** From a failed call to the problem that the user reads: code, annotation, ARN, and what to do. */
import type { FetchProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import {
  AwsFailure,
  classify,
  describeFailure,
  isDenied,
  isThrottled,
  refusesCredentials,
} from './errors.ts';

/** The problem of a sign-in that failed. */
export function signInProblem(error: unknown, roleArn: string): FetchProblem {
  const subject = 'AWS_ROLE_ARN';
  if (
    !(error instanceof AwsFailure) ||
    error.status >= 500 ||
    isThrottled(error) ||
    error.code === 'IncompleteAnswer'
  ) {
    return unavailable(error, subject, 'STS');
  }
  return {
    code: 'IDENTITY_REFUSED',
    subject,
    wrong: `STS refused to give the role ${quote(roleArn, 200)} (${error.code})`,
    expected: REFUSALS[error.code] ?? 'check the role, its trust policy and the OIDC provider of the cluster',
  };
}

const REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied:
    "the role's trust policy must allow sts:AssumeRoleWithWebIdentity for system:serviceaccount:<namespace>:<service account> and audience sts.amazonaws.com",
  InvalidIdentityToken:
    "register the cluster's OIDC issuer as an identity provider in the role's account, with audience sts.amazonaws.com",
  IDPCommunicationError: "STS could not reach the cluster's OIDC issuer: check that it is public",
  ExpiredTokenException: 'the token expired before it was used: check the clock of the node',
  ValidationError: 'write the complete ARN of the role into the annotation of the service account',
  RegionDisabledException: 'activate STS in this Region, or set AWS_REGION to one where it is active',
};

/** The problem of a secret that could not be fetched. @param subject the annotation that asked for it */
export function fetchProblem(error: unknown, subject: string, arn: string): FetchProblem {
  if (!(error instanceof AwsFailure)) return unavailable(error, subject, `Secrets Manager (${arn})`);
  if (error.detail === 'kms') {
    return {
      code: 'AWS_KMS_DENIED',
      subject,
      wrong: `the role may not use the KMS key of ${arn}`,
      expected: "allow kms:Decrypt in the role's policy and in the key's policy",
    };
  }
  if (error.detail === 'deleted') {
    return {
      code: 'SECRET_DELETED',
      subject,
      wrong: `${arn} is scheduled for deletion`,
      expected: 'restore it with aws secretsmanager restore-secret, or remove the annotation',
    };
  }
  if (isDenied(error)) {
    return {
      code: 'AWS_ACCESS_DENIED',
      subject,
      wrong: `the role may not read ${arn}`,
      expected:
        "allow secretsmanager:GetSecretValue on it in the role's policy (and in the secret's, from another account)",
    };
  }
  if (error.code === 'ResourceNotFoundException') {
    return {
      code: 'SECRET_NOT_FOUND',
      subject,
      wrong: `${arn} has no such secret or version`,
      expected:
        'check name, six-character suffix, Region and version; a missing permission can look the same',
    };
  }
  const kind = classify(error);
  if (kind === 'throttled' || kind === 'transient') {
    return unavailable(error, subject, `Secrets Manager (${arn})`);
  }
  if (refusesCredentials(error)) {
    return {
      code: 'IDENTITY_REFUSED',
      subject,
      wrong: `Secrets Manager did not accept the role's session for ${arn} (${error.code})`,
      expected: 'check the clock of the node; a proxy that changes requests looks the same',
    };
  }
  return {
    code: 'SECRET_REFUSED',
    subject,
    wrong: `Secrets Manager refused to read ${arn} (HTTP ${error.status} ${error.code})`,
    expected:
      'check that the version stage and id belong together, and that no AWS service manages the secret',
  };
}

function unavailable(error: unknown, subject: string, service: string): FetchProblem {
  if (isThrottled(error)) {
    return {
      code: 'AWS_THROTTLED',
      subject,
      wrong: `${service} was still throttling at the deadline`,
      expected: 'raise fetch-timeout, or start fewer pods at once',
    };
  }
  return {
    code: 'AWS_UNAVAILABLE',
    subject,
    wrong: `${service} could not be used until the deadline (last: ${describeFailure(error)})`,
    expected: 'check DNS, routes, security groups and VPC endpoints of the pod, then raise fetch-timeout',
  };
}
