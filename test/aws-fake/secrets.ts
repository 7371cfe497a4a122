import { randomUUID } from 'node:crypto';
import { accountOf } from './roles.ts';

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
  readonly value: string | Uint8Array | undefined;
  readonly createdAt: number;
}

/** A secret of the fake, which tests can change. */
export interface SecretHandle {
  readonly arn: string;
  readonly name: string;
  readonly versions: readonly Version[];
  /** Adds a version. With AWSCURRENT (the default), the current version becomes AWSPREVIOUS, as in a rotation. */
  putValue(value: string | Uint8Array, stages?: readonly string[]): Version;
  update(
    change: Pick<SecretInput, 'kmsDenied' | 'sharedWith' | 'keySharedWith'> & { deletedDate?: Date | null },
  ): void;
  /** Removes the secret permanently. */
  remove(): void;
}

const COMPLETE = /^arn:[a-z-]+:secretsmanager:([a-z0-9-]+):\d{12}:secret:(.+)-[A-Za-z0-9]{6}$/;
const MOST_BYTES = 65_536;

/** One secret with its versions. */
export class Secret {
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly createdAt: number;
  readonly versions: Version[] = [];
  kmsDenied: boolean;
  sharedWith: readonly string[];
  keySharedWith: readonly string[] | 'default' | undefined;
  deletedDate: Date | undefined;

  constructor(input: SecretInput, now: number) {
    const [, region = '', name = ''] = COMPLETE.exec(input.arn) ?? [];
    if (name === '') throw new TypeError(`not the complete ARN of a secret: ${input.arn}`);
    this.arn = input.arn;
    this.name = name;
    this.region = region;
    this.account = accountOf(input.arn);
    this.createdAt = now;
    this.kmsDenied = input.kmsDenied ?? false;
    this.sharedWith = input.sharedWith ?? [];
    this.keySharedWith = input.keySharedWith;
    this.deletedDate = input.deletedDate;
    if (input.value !== undefined) this.addVersion({ stages: ['AWSCURRENT'], value: input.value }, now);
    for (const version of input.versions ?? []) this.addVersion(version, now);
  }

  /** Adds a version and removes its labels from the others: a label belongs to one version at a time. */
  addVersion(input: VersionInput, now: number): Version {
    if (Buffer.byteLength(input.value ?? '') > MOST_BYTES) {
      throw new RangeError(`Secrets Manager holds at most ${MOST_BYTES} bytes in a version of ${this.arn}`);
    }
    for (const version of this.versions) {
      version.stages = version.stages.filter((stage) => !input.stages.includes(stage));
    }
    const version = {
      id: input.id ?? randomUUID(),
      stages: [...input.stages],
      value: input.value,
      createdAt: now,
    };
    this.versions.push(version);
    return version;
  }

  /** Adds the new current version, and labels the old one AWSPREVIOUS. */
  rotate(value: string | Uint8Array, now: number): Version {
    const former = this.versions.find((version) => version.stages.includes('AWSCURRENT'));
    const version = this.addVersion({ stages: ['AWSCURRENT'], value }, now);
    if (former !== undefined) {
      for (const other of this.versions)
        other.stages = other.stages.filter((stage) => stage !== 'AWSPREVIOUS');
      former.stages.push('AWSPREVIOUS');
    }
    return version;
  }
}

/** The secrets of all accounts and Regions. */
export class SecretStore {
  readonly #secrets = new Map<string, Secret>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(input: SecretInput): SecretHandle {
    const secret = new Secret(input, this.#now());
    // Names are unique: a secret with the same name and another suffix replaces the former one.
    for (const other of this.#secrets.values()) {
      const sameName = other.name === secret.name && other.region === secret.region;
      if (sameName && other.account === secret.account) this.#secrets.delete(other.arn);
    }
    this.#secrets.set(secret.arn, secret);
    return this.#handle(secret);
  }

  /** Finds a secret by complete ARN, partial ARN or name in one Region, for a caller from this account. */
  find(id: string, region: string, account: string): Secret | undefined {
    const exact = this.#secrets.get(id);
    if (exact !== undefined) return exact.region === region ? exact : undefined;
    // AWS treats a hyphen and six alphanumerics at the end of an ARN as the suffix, even if they belong to the name.
    const partial = id.startsWith('arn:') && !COMPLETE.test(id);
    for (const secret of this.#secrets.values()) {
      if (secret.region !== region || secret.account !== account) continue;
      if (id === secret.name || (partial && id === secret.arn.slice(0, -7))) return secret;
    }
    return undefined;
  }

  #handle(secret: Secret): SecretHandle {
    return {
      arn: secret.arn,
      name: secret.name,
      versions: secret.versions,
      putValue: (value, stages) =>
        stages === undefined
          ? secret.rotate(value, this.#now())
          : secret.addVersion({ stages, value }, this.#now()),
      update: (change) => {
        if (change.kmsDenied !== undefined) secret.kmsDenied = change.kmsDenied;
        if (change.sharedWith !== undefined) secret.sharedWith = change.sharedWith;
        if (change.keySharedWith !== undefined) secret.keySharedWith = change.keySharedWith;
        if (change.deletedDate !== undefined) secret.deletedDate = change.deletedDate ?? undefined;
      },
      remove: () => {
        this.#secrets.delete(secret.arn);
      },
    };
  }
}
