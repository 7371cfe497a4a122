/** What an audit is about: plain data, read from files or from AWS. No part contains the value of a secret. */
import type { Policy } from '../../iam/read-policy.ts';
import type { SecretArn } from '../../names/arn.ts';
import type { VersionMap } from '../../plan/version-map.ts';
import type { PodAccess } from '../access.ts';

export interface AuditWorkload {
  /** `Deployment/shop/web` */
  readonly name: string;
  readonly access: PodAccess;
}

export interface NamedPolicy {
  /** The ARN of a managed policy, or the name of an inline policy with its role. */
  readonly name: string;
  readonly policy: Policy;
}

export interface AuditRole {
  readonly arn: string;
  readonly account: string;
  readonly policies: readonly NamedPolicy[];
  readonly boundary: NamedPolicy | undefined;
  /** The names of policies, or of the boundary, that were not given or cannot be read. */
  readonly unread: readonly string[];
  /** Undefined if it was not given or cannot be read. */
  readonly trust: Policy | undefined;
  /** Undefined if they are not known. */
  readonly tags: ReadonlyMap<string, string> | undefined;
}

export interface AuditIam {
  readonly roles: readonly AuditRole[];
  /** The accounts of which all roles are known. */
  readonly accounts: ReadonlySet<string>;
}

export interface AuditSecret {
  readonly arn: SecretArn;
  /** Undefined for the key of AWS. */
  readonly kmsKey: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
  readonly rotation: SecretRotation;
  /** The ID of the version of each staging label; undefined if they are not known. */
  readonly versions: ReadonlyMap<string, string> | undefined;
  readonly isDeleted: boolean;
  /** Whether it is the replica of a secret of another Region, which rotates there. */
  readonly isReplica: boolean;
  /** In milliseconds since 1970; undefined if nobody has read it, or if that is not known. */
  readonly lastRead: number | undefined;
}

export interface SecretRotation {
  readonly isOn: boolean;
  /** In milliseconds since 1970; undefined if that is not known. */
  readonly due: number | undefined;
}

/** The versions that one running pod has. */
export interface AuditPod {
  readonly workload: string;
  readonly versions: VersionMap;
}

export interface AuditInputs {
  readonly workloads: readonly AuditWorkload[];
  /** Undefined to leave roles out. */
  readonly iam: AuditIam | undefined;
  /** Undefined to leave out what only a listing says. */
  readonly secrets: readonly AuditSecret[] | undefined;
  /** By the ARN of the secret; undefined for a policy that cannot be read. Without a member, a secret has none. */
  readonly resourcePolicies: ReadonlyMap<string, Policy | undefined> | undefined;
  readonly pods: readonly AuditPod[];
  /** The URL of the issuer of the cluster, without its scheme. */
  readonly issuer: string | undefined;
  /** The ARN of the EKS cluster. */
  readonly cluster: string | undefined;
  readonly audience: string;
  readonly roleTokenAudience: string;
  /** In milliseconds since 1970. */
  readonly now: number;
}
