/** Groups what workloads need by the role that reads their secrets. */
import type { RoleArn } from '../../names/role-arn.ts';
import { accountKey, type SecretRead, type ServiceAccount } from '../access.ts';
import type { AuditWorkload } from './inputs.ts';

/** One version of a secret, and the workloads that read it. */
export interface Need {
  readonly read: SecretRead;
  readonly workloads: Set<string>;
  readonly namespaces: Set<string>;
  readonly accounts: Set<string>;
}

export interface SignInUse {
  readonly serviceAccount: ServiceAccount;
  /** Whether the role is that of the annotation `role-arn`. */
  readonly hasOwnRole: boolean;
  readonly workloads: Set<string>;
}

export interface AssumedUse {
  /** The ARN of the role that the workloads sign in to; undefined if it is not known. */
  readonly from: string | undefined;
  readonly externalId: string | undefined;
  readonly workloads: Set<string>;
}

export class RoleUse {
  readonly role: RoleArn;
  readonly needs = new Map<string, Need>();
  /** Of service accounts. */
  readonly signIns = new Map<string, SignInUse>();
  /** By the role from which it is assumed, and by the external ID. */
  readonly assumedFrom = new Map<string, AssumedUse>();
  /** The roles that it assumes. */
  readonly assumes = new Map<string, Set<string>>();
  /** The ARNs of the secrets that each workload reads with it. */
  readonly readers = new Map<string, Set<string>>();

  constructor(role: RoleArn) {
    this.role = role;
  }

  /** Names of all workloads that use it. */
  get workloads(): ReadonlySet<string> {
    const names = [...this.signIns.values()].flatMap(({ workloads }) => [...workloads]);
    return new Set([...names, ...this.readers.keys()]);
  }
}

export interface Uses {
  readonly roles: ReadonlyMap<string, RoleUse>;
  /** Service accounts whose role is not known, with the workloads that need it. */
  readonly unknown: ReadonlyMap<string, ReadonlySet<string>>;
}

export function usesOf(workloads: readonly AuditWorkload[]): Uses {
  const roles = new Map<string, RoleUse>();
  const unknown = new Map<string, Set<string>>();
  const useOf = (role: RoleArn) => member(roles, role.text, () => new RoleUse(role));
  for (const { name, access } of workloads) {
    const { role, serviceAccount, hasOwnRole, assumes, secrets } = access;
    const key = accountKey(serviceAccount);
    const first = role === undefined ? undefined : useOf(role);
    if (first === undefined) member(unknown, key, () => new Set<string>()).add(name);
    else
      member(first.signIns, `${key} ${hasOwnRole}`, () => ({
        serviceAccount,
        hasOwnRole,
        workloads: new Set<string>(),
      })).workloads.add(name);
    let reader = first;
    if (assumes !== undefined) {
      reader = useOf(assumes.role);
      const { externalId } = assumes;
      member(reader.assumedFrom, JSON.stringify([role?.text, externalId]), () => ({
        from: role?.text,
        externalId,
        workloads: new Set<string>(),
      })).workloads.add(name);
      if (first !== undefined) member(first.assumes, assumes.role.text, () => new Set<string>()).add(name);
    }
    if (reader === undefined) continue;
    const own = member(reader.readers, name, () => new Set<string>());
    for (const read of secrets) {
      own.add(read.arn.text);
      const need = member(reader.needs, needKey(read), () => newNeed(read));
      need.workloads.add(name);
      need.namespaces.add(serviceAccount.namespace);
      need.accounts.add(serviceAccount.name);
    }
  }
  return { roles, unknown };
}

function newNeed(read: SecretRead): Need {
  return { read, workloads: new Set(), namespaces: new Set(), accounts: new Set() };
}

function needKey({ arn, stage, versionId, isDescribed }: SecretRead): string {
  return JSON.stringify([arn.text, stage, versionId, isDescribed]);
}

function member<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
