import { type Operation, SECRETS_OPERATIONS } from './operations.ts';

interface Match {
  /** Only requests that name this secret, spelled as the request spells it; default any. */
  readonly secretId?: string;
  /** Only requests in this Region. STS has none, since its requests are not signed. */
  readonly region?: string;
  /** How many requests it answers; default 1. */
  readonly times?: number | 'forever';
  /** When it fires, the trouble is over, however many requests are left. */
  readonly until?: AbortSignal;
}

/** What goes wrong below the service: with the connection, the clock or the bytes. */
export type DeliveryFault =
  /** Answers normally, but later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Never answers, or stops after so many bytes of the answer. */
  | { readonly kind: 'hang'; readonly afterBytes?: number }
  /** Resets the connection: at once, or after so many bytes of the answer. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** Announces the whole body, sends half of it and closes. */
  | { readonly kind: 'truncated' }
  /** Sends half of the body as if it were all. */
  | { readonly kind: 'truncatedJson' };

/** Answers that do not look at the request. */
export type AnswerFault =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'serverError' }
  /** As a load balancer answers: 503 and HTML. */
  | { readonly kind: 'unavailableHtml' }
  /** 200 with content of another shape; default `[]`. */
  | { readonly kind: 'wrongJson'; readonly body?: string }
  | {
      readonly kind: 'custom';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    };

/** Errors that Secrets Manager answers to a caller whom it knows; in a batch they strike one secret. */
export type SecretFault = {
  readonly kind: 'denied' | 'notFound' | 'kmsDenied' | 'decryptionFailure' | 'scheduledForDeletion';
};

/** Errors of STS. `denied` and `expiredToken` exist in both services. */
export type StsFault = {
  readonly kind: 'denied' | 'expiredToken' | 'invalidIdentityToken' | 'idpCommunicationError';
};

export type Fault = (DeliveryFault | AnswerFault | SecretFault | StsFault) & Match;

export interface FaultTarget {
  readonly operation: Operation | undefined;
  readonly secretIds: readonly string[];
  readonly region: string | undefined;
}

const ONLY_SECRETS: readonly Fault['kind'][] = [
  'notFound',
  'kmsDenied',
  'decryptionFailure',
  'scheduledForDeletion',
];
const ONLY_STS: readonly Fault['kind'][] = ['invalidIdentityToken', 'idpCommunicationError'];
const DESCRIBES_NO_VALUE: readonly Fault['kind'][] = [
  'kmsDenied',
  'decryptionFailure',
  'scheduledForDeletion',
];

/** Scripted faults in the order in which they were given. */
export class FaultScript {
  #entries: { operation: Operation | '*'; fault: Fault; left: number }[] = [];

  add(operation: Operation | '*', faults: readonly Fault[]): void {
    for (const fault of faults) {
      const times = fault.times ?? 1;
      this.#entries.push({ operation, fault, left: times === 'forever' ? Number.POSITIVE_INFINITY : times });
    }
  }

  /** Takes the first fault that fits this request. */
  take(target: FaultTarget): Fault | undefined {
    const entry = this.#entries.find(({ operation, fault }) => fits(operation, fault, target));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#entries = this.#entries.filter((other) => other !== entry);
    return entry.fault;
  }

  clear(): void {
    this.#entries = [];
  }

  /** Faults that no request has met yet, for a test that wants to know that its script was played. */
  get pending(): readonly Fault[] {
    return this.#entries.map(({ fault }) => fault);
  }
}

function fits(operation: Operation | '*', fault: Fault, target: FaultTarget): boolean {
  if (fault.until?.aborted === true) return false;
  if (operation !== '*' && operation !== target.operation) return false;
  if (fault.secretId !== undefined && !target.secretIds.includes(fault.secretId)) return false;
  if (fault.region !== undefined && fault.region !== target.region) return false;
  const ofSecrets = SECRETS_OPERATIONS.some((name) => name === target.operation);
  if (ONLY_SECRETS.includes(fault.kind) && !ofSecrets) return false;
  if (ONLY_STS.includes(fault.kind) && ofSecrets) return false;
  return !(DESCRIBES_NO_VALUE.includes(fault.kind) && target.operation === 'DescribeSecret');
}
