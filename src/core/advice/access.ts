/** What one pod needs from AWS: the identity that it signs in with, and the secrets that it reads. */
import { accountOf } from '../additions/injected-objects.ts';
import type { Injection } from '../decide/decide.ts';
import { parseArn, type SecretArn } from '../names/arn.ts';
import { replicaIn } from '../names/failover.ts';
import type { RoleArn } from '../names/role-arn.ts';
import type { PlanSecret } from '../plan/plan.ts';
import type { PlanRefresh } from '../plan/refresh.ts';

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** One version of a secret in one Region, as the fetcher requests it. */
export interface SecretRead {
  readonly arn: SecretArn;
  readonly stage?: string;
  readonly versionId?: string;
  /** Set for the other Regions of a secret with failover, whose resource policy AWS copies from the secret. */
  readonly isReplica?: true;
  /** Whether the fetcher also calls DescribeSecret, to find out whether the secret has a new version. */
  readonly isDescribed?: true;
}

/** A role that is assumed with the credentials of another. */
export interface Assumption {
  readonly role: RoleArn;
  readonly externalId: string | undefined;
}

export interface PodAccess {
  readonly serviceAccount: ServiceAccount;
  /** The role that the pod signs in to; undefined if it is not known. */
  readonly role: RoleArn | undefined;
  /** Whether the role is that of the annotation `role-arn`, which is always signed in to with a web identity token. */
  readonly hasOwnRole: boolean;
  readonly assumes: Assumption | undefined;
  readonly secrets: readonly SecretRead[];
}

/** `shop/web` */
export function accountKey({ namespace, name }: ServiceAccount): string {
  return `${namespace}/${name}`;
}

/**
 * The access of a pod that is injected.
 * @param roles the roles of service accounts, by `namespace/name`
 */
export function accessOf(
  { pod, made, options }: Injection,
  namespace: string,
  roles: ReadonlyMap<string, RoleArn>,
): PodAccess {
  const { serviceAccount: name } = accountOf(pod, namespace);
  const serviceAccount = { namespace, name };
  const { roleArn, assumeRoleArn, externalId } = options;
  return {
    serviceAccount,
    role: roleArn ?? roles.get(accountKey(serviceAccount)),
    hasOwnRole: roleArn !== undefined,
    assumes: assumeRoleArn === undefined ? undefined : { role: assumeRoleArn, externalId },
    secrets: made.plan.secrets.flatMap((secret) => readsOf(secret, made.plan.refresh)),
  };
}

/** The reads of one secret of a plan, one for each Region that the fetcher may ask. A version with an ID never changes. */
function readsOf(secret: PlanSecret, refresh: PlanRefresh | undefined): readonly SecretRead[] {
  const { arn: text, stage, versionId, failover = [] } = secret;
  const arn = parseArn(text, '');
  if (!arn.ok) return [];
  const version = {
    ...(refresh?.check === 'describe' && versionId === undefined ? { isDescribed: true as const } : {}),
    ...(stage === undefined ? {} : { stage }),
    ...(versionId === undefined ? {} : { versionId }),
  };
  return [
    { arn: arn.value, ...version },
    ...failover.map((region) => ({
      arn: replicaIn(region, arn.value),
      ...version,
      isReplica: true as const,
    })),
  ];
}
