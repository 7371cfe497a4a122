/** Groups the access of pods by the identity that has it: a role, or a service account whose role is not known. */
import type { RoleArn } from '../names/role-arn.ts';
import { accountKey, type PodAccess, type SecretRead, type ServiceAccount } from './access.ts';

/** A service account whose pods sign in to a role. */
export interface SignIn {
  readonly serviceAccount: ServiceAccount;
  readonly hasOwnRole: boolean;
}

/** An identity that assumes a role, with the external IDs that it passes. */
export interface AssumedBy {
  readonly identity: string;
  readonly role: RoleArn | undefined;
  /** Undefined stands for a request without an external ID. */
  readonly externalId: string | undefined;
}

export interface Identity {
  /** The ARN of the role, or `namespace/name` of the service account. */
  readonly key: string;
  readonly role: RoleArn | undefined;
  /** Empty for a role that is only assumed. */
  readonly signIns: readonly SignIn[];
  readonly secrets: readonly SecretRead[];
  readonly assumes: readonly RoleArn[];
  readonly assumedBy: readonly AssumedBy[];
}

/** @returns the identities in code unit order of their keys */
export function identitiesOf(pods: readonly PodAccess[]): readonly Identity[] {
  const groups = new Map<string, Group>();
  const groupOf = (key: string, role: RoleArn | undefined) => {
    const group = groups.get(key) ?? new Group(key, role);
    groups.set(key, group);
    return group;
  };
  for (const { serviceAccount, role, hasOwnRole, assumes, secrets } of pods) {
    const first = groupOf(role?.text ?? accountKey(serviceAccount), role);
    first.signIns.set(`${accountKey(serviceAccount)} ${hasOwnRole}`, { serviceAccount, hasOwnRole });
    let reader = first;
    if (assumes !== undefined) {
      first.assumes.set(assumes.role.text, assumes.role);
      reader = groupOf(assumes.role.text, assumes.role);
      const by = { identity: first.key, role, externalId: assumes.externalId };
      reader.assumedBy.set(`${first.key} ${by.externalId ?? ''}`, by);
    }
    for (const secret of secrets) reader.secrets.set(readKey(secret), secret);
  }
  return inOrder(groups).map((group) => group.identity());
}

function readKey({ arn, stage, versionId, isReplica, isDescribed }: SecretRead): string {
  return JSON.stringify([arn.text, stage, versionId, isReplica, isDescribed]);
}

class Group {
  readonly key: string;
  readonly role: RoleArn | undefined;
  readonly signIns = new Map<string, SignIn>();
  readonly secrets = new Map<string, SecretRead>();
  readonly assumes = new Map<string, RoleArn>();
  readonly assumedBy = new Map<string, AssumedBy>();

  constructor(key: string, role: RoleArn | undefined) {
    this.key = key;
    this.role = role;
  }

  identity(): Identity {
    return {
      key: this.key,
      role: this.role,
      signIns: inOrder(this.signIns),
      secrets: inOrder(this.secrets),
      assumes: inOrder(this.assumes),
      assumedBy: inOrder(this.assumedBy),
    };
  }
}

function inOrder<T>(map: ReadonlyMap<string, T>): readonly T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, value]) => value);
}
