import { type EventBus, labelUpdated } from './events.ts';
import { COMPLETE_ARN, Secret, type SecretInput, type Version } from './secret.ts';
import { putValue } from './version-operations.ts';

/** A secret of the fake, which tests can change. */
export interface SecretHandle {
  readonly arn: string;
  readonly name: string;
  readonly versions: readonly Version[];
  /**
   * Adds a version, as PutSecretValue does. With AWSCURRENT (the default), the current version becomes AWSPREVIOUS.
   * Publishes the events of a label that moves, but not that of an API call.
   */
  putValue(value: string | Uint8Array, stages?: readonly string[]): Version;
  update(
    change: Pick<SecretInput, 'kmsDenied' | 'sharedWith' | 'keySharedWith'> & { deletedDate?: Date | null },
  ): void;
  /** Deletes the versions without labels, as AWS does some time after they have lost them. */
  removeDeprecated(): void;
  /** Removes the secret permanently. */
  remove(): void;
}

/** The secrets of all accounts and Regions. */
export class SecretStore {
  readonly #secrets = new Map<string, Secret>();
  readonly #events: EventBus;
  readonly #now: () => number;

  constructor(events: EventBus, now: () => number) {
    this.#events = events;
    this.#now = now;
  }

  put(input: SecretInput): SecretHandle {
    const secret = new Secret(input, this.#now());
    secret.labelMoved = (label, version) => {
      // AWS publishes the moves of every other label.
      if (label === 'AWSPENDING' || label === 'AWSPREVIOUS') return;
      this.#events.publish(labelUpdated(secret, label, version.id));
    };
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
    const partial = id.startsWith('arn:') && !COMPLETE_ARN.test(id);
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
        putValue(secret, { value, ...(stages && { stages }) }, this.#events, this.#now()),
      update: (change) => {
        if (change.kmsDenied !== undefined) secret.kmsDenied = change.kmsDenied;
        if (change.sharedWith !== undefined) secret.sharedWith = change.sharedWith;
        if (change.keySharedWith !== undefined) secret.keySharedWith = change.keySharedWith;
        if (change.deletedDate !== undefined) secret.deletedDate = change.deletedDate ?? undefined;
      },
      removeDeprecated: () => secret.removeDeprecated(),
      remove: () => {
        this.#secrets.delete(secret.arn);
      },
    };
  }
}
