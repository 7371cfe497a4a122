import { randomUUID } from 'node:crypto';
import { accountOf } from './roles.ts';
import { attachLabel, detachLabel, type LabelMoved, versionWith } from './staging-labels.ts';

export interface VersionInput {
  readonly id?: string;
  readonly stages: readonly string[];
  /** Text becomes SecretString, bytes become SecretBinary. A version without a value is a rotation in progress. */
  readonly value?: string | Uint8Array;
}

export interface SecretInput {
  /** The complete ARN, with the six-character suffix. */
  readonly arn: string;
  /** Short for one version with the label AWSCURRENT. */
  readonly value?: string | Uint8Array;
  readonly versions?: readonly VersionInput[];
  /** Reading the value fails as if the role could not use the KMS key. */
  readonly kmsDenied?: boolean;
  /** If set, the secret is scheduled for deletion, and only DescribeSecret works. */
  readonly deletedDate?: Date;
  /** ARNs of roles in other accounts that the resource policy allows. */
  readonly sharedWith?: readonly string[];
  /** ARNs of roles in other accounts that the policy of the customer managed key allows; `default`: the key of AWS. */
  readonly keySharedWith?: readonly string[] | 'default';
}

export interface Version {
  readonly id: string;
  stages: string[];
  /** Undefined until the rotator stores the value. */
  value: string | Uint8Array | undefined;
  readonly createdAt: number;
}

/** The rotation that RotateSecret has configured. */
export interface RotationState {
  enabled: boolean;
  lambdaArn: string;
  rules: Readonly<Record<string, unknown>> | undefined;
  lastRotatedAt: number | undefined;
}

export const COMPLETE_ARN = /^arn:[a-z-]+:secretsmanager:([a-z0-9-]+):\d{12}:secret:(.+)-[A-Za-z0-9]{6}$/;
export const MOST_SECRET_BYTES = 65_536;
const MOST_VERSIONS = 100;
const DAY_MS = 24 * 60 * 60 * 1000;

/** One secret with its versions. */
export class Secret {
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly createdAt: number;
  changedAt: number;
  readonly versions: Version[] = [];
  rotation: RotationState | undefined;
  kmsDenied: boolean;
  sharedWith: readonly string[];
  keySharedWith: readonly string[] | 'default' | undefined;
  deletedDate: Date | undefined;
  /** Called when a label moves to a version, after the creation of the secret. */
  labelMoved: LabelMoved = () => undefined;

  constructor(input: SecretInput, now: number) {
    const [, region = '', name = ''] = COMPLETE_ARN.exec(input.arn) ?? [];
    if (name === '') throw new TypeError(`not the complete ARN of a secret: ${input.arn}`);
    this.arn = input.arn;
    this.name = name;
    this.region = region;
    this.account = accountOf(input.arn);
    this.createdAt = now;
    this.changedAt = now;
    this.kmsDenied = input.kmsDenied ?? false;
    this.sharedWith = input.sharedWith ?? [];
    this.keySharedWith = input.keySharedWith;
    this.deletedDate = input.deletedDate;
    if (input.value !== undefined) this.addVersion({ stages: ['AWSCURRENT'], value: input.value }, now);
    for (const version of input.versions ?? []) this.addVersion(version, now);
  }

  /** The version with the label, if any. */
  versionWith(label: string): Version | undefined {
    return versionWith(this.versions, label);
  }

  /** Adds a version with its labels. Old versions without labels are deleted, as AWS may do. */
  addVersion(input: VersionInput, now: number): Version {
    checkSize(this, input.value);
    const version: Version = {
      id: input.id ?? randomUUID(),
      stages: [],
      value: input.value,
      createdAt: now,
    };
    this.versions.push(version);
    for (const stage of input.stages) this.attach(stage, version, now);
    // Of deprecated versions, Secrets Manager keeps the 100 most recent ones, and those of the last 24 hours.
    const recent = this.versions.slice(-MOST_VERSIONS);
    this.#remove((other) => other.createdAt < now - DAY_MS && !recent.includes(other));
    return version;
  }

  /** Stores the value of a version that a rotation has announced. */
  fill(version: Version, value: string | Uint8Array, now: number): void {
    checkSize(this, value);
    version.value = value;
    this.changedAt = now;
  }

  attach(label: string, version: Version, now: number): void {
    attachLabel(this.versions, version, label, (moved, to) => this.labelMoved(moved, to));
    this.changedAt = now;
  }

  detach(label: string, now: number): void {
    detachLabel(this.versions, label);
    this.changedAt = now;
  }

  /** Deletes the versions without labels. AWS may do so at any time. */
  removeDeprecated(): void {
    this.#remove(() => true);
  }

  #remove(unwanted: (version: Version) => boolean): void {
    const kept = this.versions.filter((version) => version.stages.length > 0 || !unwanted(version));
    this.versions.splice(0, this.versions.length, ...kept);
  }
}

function checkSize(secret: Secret, value: string | Uint8Array | undefined): void {
  if (Buffer.byteLength(value ?? '') <= MOST_SECRET_BYTES) return;
  throw new RangeError(
    `Secrets Manager holds at most ${MOST_SECRET_BYTES} bytes in a version of ${secret.arn}`,
  );
}
