import { AwsError } from './aws-error.ts';
import type { EventBus } from './events.ts';
import { accountOf, allows, assumedRoleArn, type Role } from './roles.ts';
import type { Rotations } from './rotation.ts';
import type { Secret } from './secret.ts';
import type { SecretStore } from './secrets.ts';

/** The caller, the Region, and the queued fault for a secret. */
export interface Caller {
  readonly role: Role;
  readonly sessionName: string;
  readonly region: string;
  readonly store: SecretStore;
  readonly rotations: Rotations;
  readonly events: EventBus;
  readonly now: () => number;
  /** Throws if a fault is queued for this secret. */
  readonly trouble: (secretId: string, action: string) => void;
}

/** The access denied error of IAM for a policy that does not mention the action. */
export function deniedError(
  caller: Pick<Caller, 'role' | 'sessionName'>,
  action: string,
  resource?: string,
  policy = 'identity-based',
): AwsError {
  const user = assumedRoleArn(caller.role.arn, caller.sessionName);
  const on = resource === undefined ? '' : ` on resource: ${resource}`;
  return new AwsError(
    'AccessDeniedException',
    `User: ${user} is not authorized to perform: ${action}${on} because no ${policy} policy allows the ${action} action`,
  );
}

/** Finds a secret that the caller may use. IAM decides first, so a role without permission cannot probe for secrets. */
export function authorized(id: string, action: string, caller: Caller): Secret {
  caller.trouble(id, action);
  const account = accountOf(caller.role.arn);
  const secret = caller.store.find(id, caller.region, account);
  const resource = secret?.arn ?? id;
  if (!allows(caller.role, action, resource)) throw deniedError(caller, action, resource);
  if (secret === undefined) throw notFound();
  if (secret.account !== account && !secret.sharedWith.includes(caller.role.arn)) {
    throw deniedError(caller, action, resource, 'resource-based');
  }
  return secret;
}

/** The error about a secret or a value that does not exist. */
export function notFound(what = ''): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret${what || '.'}`,
  );
}

/** The error of every operation but DescribeSecret on a deleted secret. */
export const markedForDeletion = () =>
  new AwsError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
  );
