/** From a failed call to the problem that the user reads: code, annotation, ARN, and what to do. */
import type { PlanSecret } from '../../core/plan/plan.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import { keyAdvice, readAdvice } from './denials.ts';
import { AwsFailure, describeFailure, isUntrusted, NetworkFailure, rowOf } from './errors.ts';

/**
 * The problem of a secret that could not be fetched.
 * @param subject the annotation of the secret
 * @param roleArn the role of the session, if it is known
 */
export function fetchProblem(
  failure: unknown,
  subject: string,
  secret: PlanSecret,
  roleArn?: string,
): FetchProblem {
  const { arn } = secret;
  const code = failure instanceof AwsFailure ? rowOf(failure).problem : 'AWS_UNAVAILABLE';
  switch (code) {
    case 'AWS_KMS_DENIED':
      return {
        code,
        subject,
        wrong: `the role is not allowed to use the KMS key of ${arn}`,
        expected: keyAdvice(failure, secret, roleArn),
      };
    case 'SECRET_DELETED':
      return {
        code,
        subject,
        wrong: `${arn} is scheduled for deletion`,
        expected: 'restore it with aws secretsmanager restore-secret, or remove the annotation',
      };
    case 'AWS_ACCESS_DENIED':
      return {
        code,
        subject,
        wrong: `the role is not allowed to read ${arn}`,
        expected: readAdvice(failure, secret, roleArn),
      };
    case 'SECRET_NOT_FOUND':
      return {
        code,
        subject,
        wrong: `${arn} or ${versionOf(secret)} does not exist`,
        expected: `check the name, the six-character suffix, the Region and the version; a missing permission can cause the same error${colonAdvice(secret)}`,
      };
    case 'IDENTITY_REFUSED':
      return {
        code,
        subject,
        wrong: `Secrets Manager rejected the session of the role for ${arn} (${codeOf(failure)})`,
        expected:
          failure instanceof AwsFailure && failure.detail === 'clock'
            ? 'set the clock of the node: it differs from the time of AWS by more than five minutes'
            : 'check the clock of the node, and proxies that change requests; for a Region that is not enabled by default, check that it is enabled',
      };
    case 'SECRET_REFUSED':
      return {
        code,
        subject,
        wrong: `Secrets Manager rejected the request for ${arn} (${describeFailure(failure)})`,
        expected:
          'check that the version stage and the version ID belong together, and that no AWS service manages the secret',
      };
    default:
      return unavailable(failure, subject, `Secrets Manager (${arn})`);
  }
}

function versionOf({ stage, versionId, pinned }: PlanSecret): string {
  if (pinned !== undefined) return `the version ${pinned}, which the pod template records,`;
  if (stage !== undefined) return `its version stage ${quote(stage)}`;
  return versionId === undefined ? 'its current version' : 'the requested version ID';
}

/** In a short reference, a key that contains a colon reads as a key and a version stage. */
function colonAdvice({ stage }: PlanSecret): string {
  if (stage === undefined || stage.startsWith('AWS')) return '';
  return `; if ${quote(stage)} is the end of a key that contains a colon, use the field key of the YAML form`;
}

function codeOf(failure: unknown): string {
  return failure instanceof AwsFailure ? failure.code : 'Unknown';
}

/** A service did not answer before the deadline. */
export function unavailable(failure: unknown, subject: string, service: string): FetchProblem {
  if (rowOf(failure).retry === 'throttled') {
    return {
      code: 'AWS_THROTTLED',
      subject,
      wrong: `${service} was still throttling requests at the deadline`,
      expected: 'raise fetch-timeout, or start fewer pods at once',
    };
  }
  return {
    code: 'AWS_UNAVAILABLE',
    subject,
    wrong: `${service} returned no usable answer before the deadline; last failure: ${describeFailure(failure)}`,
    expected: adviceFor(failure),
  };
}

function adviceFor(failure: unknown): string {
  const kind = failure instanceof NetworkFailure ? failure.kind : '';
  if (kind === 'NOT_AWS')
    return 'allow the endpoints of AWS in the proxy or firewall that answered; operators can set https-proxy and no-proxy';
  if (kind.startsWith('PROXY_'))
    return 'check the operator settings https-proxy and no-proxy, and the rules of the proxy';
  if (kind === 'CERT_NOT_YET_VALID' || kind === 'CERT_HAS_EXPIRED')
    return 'check the clock of the node; if it is right, what answers in place of AWS has a certificate of another time';
  if (isUntrusted(kind))
    return 'check what answers in place of AWS; if it is meant to, operators can set ca-bundle-file to its certificate authority';
  return 'check DNS, routes, security groups and VPC endpoints of the pod, or raise fetch-timeout';
}
