import { matchesWildcard } from './wildcard.ts';

export interface Role {
  readonly arn: string;
  /** The subjects in the trust policy, with IAM wildcards. */
  readonly subjects: readonly string[];
  /** The audience in the trust policy. Default: `sts.amazonaws.com`. */
  readonly audience?: string;
  /** ARNs of secrets that the role may use, with IAM wildcards. */
  readonly allow: readonly string[];
  /** Actions that the role may use. Default: all that the fake supports. */
  readonly actions?: readonly string[];
  /** ARNs of roles that may assume this one, by its trust policy. */
  readonly trustedRoles?: readonly string[];
  /** The external ID that the trust policy requires of them. */
  readonly externalId?: string;
  /** ARNs of roles that this one may assume, by its permission policy. */
  readonly mayAssume?: readonly string[];
  /** Whether both policies of an assumption allow session tags. Default: true. */
  readonly mayTag?: boolean;
  /** The maximum session duration in seconds. Default: 3600, as in IAM. */
  readonly maxSessionSeconds?: number;
}

export const DEFAULT_AUDIENCE = 'sts.amazonaws.com';

/** The account of an ARN: its fifth field. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

/** The ARN of a role session in messages and in CloudTrail. */
export function assumedRoleArn(roleArn: string, sessionName: string): string {
  const [, partition = 'aws'] = roleArn.split(':');
  const name = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  return `arn:${partition}:sts::${accountOf(roleArn)}:assumed-role/${name}/${sessionName}`;
}

/** Whether the policy of the role allows the action on this resource. Without a resource, only the action counts. */
export function allows(role: Role, action: string, resource?: string): boolean {
  if (role.actions !== undefined && !role.actions.some((pattern) => matchesWildcard(pattern, action)))
    return false;
  return resource === undefined || role.allow.some((pattern) => matchesWildcard(pattern, resource));
}

/** Whether the trust policy of the role accepts a token. */
export function trusts(role: Role, subject: string, audiences: readonly string[]): boolean {
  return (
    audiences.includes(role.audience ?? DEFAULT_AUDIENCE) &&
    role.subjects.some((pattern) => matchesWildcard(pattern, subject))
  );
}
