/** The requests of a pod, collected while its annotations are read. */
import type { Dialect } from '../formats/index.ts';
import type { SecretArn } from '../names/arn.ts';
import type { PlanDirectory, PlanFile, PlanSecret, PlanVariable, PlanVariables } from '../plan/plan.ts';
import type { Findings } from '../problems/findings.ts';
import type { Aliases, Reference } from './reference.ts';

/** A variable; one from `envFrom` with `include` says what happens when its name is already in use. */
export interface AskedVariable extends PlanVariable {
  readonly onCollision?: 'refuse' | 'skip';
}

/** What one set of containers receives. */
export interface Group {
  /** Names of containers; undefined for the pod's own list. */
  readonly containers: readonly string[] | undefined;
  /** The annotation that names the containers, for messages. */
  readonly subject: string;
  readonly env: AskedVariable[];
  readonly envFrom: PlanVariables[];
  readonly files: PlanFile[];
  readonly filesFrom: PlanDirectory[];
}

/** @param containers undefined for the pod's own list */
export function emptyGroup(containers: readonly string[] | undefined, subject: string): Group {
  return { containers, subject, env: [], envFrom: [], files: [], filesFrom: [] };
}

/** An ARN as the user wrote it, and its annotation. The operator's rules for ARNs apply to these. */
export interface WrittenArn {
  readonly arn: SecretArn;
  readonly subject: string;
}

/** A Region that an entry names for the replica of a secret. */
export interface WrittenReplica {
  readonly region: string;
  /** The ARN of the secret itself. */
  readonly arn: SecretArn;
  readonly subject: string;
}

/** What reading an annotation needs, and adds to. */
export interface Reading {
  readonly aliases: Aliases;
  readonly secrets: SecretTable;
  readonly arns: WrittenArn[];
  readonly replicas: WrittenReplica[];
  /** Format of the env file: a shell cannot set every name. */
  readonly format: Dialect;
  readonly findings: Findings;
}

/** A version of a secret, and the Regions of its replicas. */
interface WantedVersion extends Omit<Reference, 'key'> {
  readonly failover?: readonly string[] | undefined;
}

/** Versions of secrets, each listed once, in the order of first mention. */
export class SecretTable {
  readonly list: PlanSecret[] = [];
  readonly #indices = new Map<string, number>();

  /**
   * The index of the version that a reference names. A new version is added to the list, and so is the same version with
   * other Regions to fail over to.
   */
  indexOf({ arn, stage, versionId, failover }: WantedVersion): number {
    const version = `${arn.text}\n${stage ?? ''}\n${versionId ?? ''}\n${failover ?? ''}`;
    const known = this.#indices.get(version);
    if (known !== undefined) return known;
    this.#indices.set(version, this.list.length);
    this.list.push({
      arn: arn.text,
      ...(stage === undefined ? {} : { stage }),
      ...(versionId === undefined ? {} : { versionId }),
      ...(failover === undefined ? {} : { failover }),
    });
    return this.list.length - 1;
  }
}
