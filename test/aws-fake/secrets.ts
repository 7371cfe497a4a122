import { randomUUID } from 'node:crypto';
import { accountOf } from './roles.ts';

export interface VersionInput {
  readonly id?: string;
  readonly stages: readonly string[];
  /** Text becomes SecretString, bytes SecretBinary; nothing, as in a rotation that has not written yet. */
  readonly value?: string | Uint8Array;
}

export interface SecretInput {
  /** Complete, with the six-character suffix. */
  readonly arn: string;
  /** Short for one version labelled AWSCURRENT. */
  readonly value?: string | Uint8Array;
  readonly versions?: readonly VersionInput[];
  /** Reading the value fails as if the role could not use the secret's key. */
  readonly kmsDenied?: boolean;
  /** Set: the secret is scheduled for deletion, and only DescribeSecret works. */
  readonly deletedDate?: Date;
  /** ARNs of roles in other accounts that the secret's resource policy names. */
  readonly sharedWith?: readonly string[];
}

export interface Version {
  readonly id: string;
  stages: string[];
  readonly value: string | Uint8Array | undefined;
  readonly createdAt: number;
}

/** A secret as the stand-in holds it; tests change it through this. */
export interface SecretHandle {
  readonly arn: string;
  readonly name: string;
  readonly versions: readonly Version[];
  /** Adds a version. With AWSCURRENT (the default) the former one becomes AWSPREVIOUS, as in a rotation. */
  putValue(value: string | Uint8Array, stages?: readonly string[]): Version;
  update(change: Pick<SecretInput, 'kmsDenied' | 'sharedWith'> & { deletedDate?: Date | null }): void;
  /** Takes the secret away for good. */
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
    this.deletedDate = input.deletedDate;
    if (input.value !== undefined) this.addVersion({ stages: ['AWSCURRENT'], value: input.value }, now);
    for (const version of input.versions ?? []) this.addVersion(version, now);
  }

  /** Adds a version and takes its labels away from the others: a label sits on one version at a time. */
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

  /** Adds a version that becomes current, and labels the one before it AWSPREVIOUS. */
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

/** Every secret of every account and Region. */
export class SecretStore {
  readonly #secrets = new Map<string, Secret>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(input: SecretInput): SecretHandle {
    const secret = new Secret(input, this.#now());
    // A name exists once: creating it again under another suffix means that the former secret is gone.
    for (const other of this.#secrets.values()) {
      const sameName = other.name === secret.name && other.region === secret.region;
      if (sameName && other.account === secret.account) this.#secrets.delete(other.arn);
    }
    this.#secrets.set(secret.arn, secret);
    return this.#handle(secret);
  }

  /** Finds a secret by complete ARN, partial ARN or name, in one Region, as a caller of this account may. */
  find(id: string, region: string, account: string): Secret | undefined {
    const exact = this.#secrets.get(id);
    if (exact !== undefined) return exact.region === region ? exact : undefined;
    // A tail of a hyphen and six alphanumerics in an ARN is taken for the suffix, even if it belongs to the name.
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
        if (change.deletedDate !== undefined) secret.deletedDate = change.deletedDate ?? undefined;
      },
      remove: () => {
        this.#secrets.delete(secret.arn);
      },
    };
  }
}
