import { type Operation, SECRETS_OPERATIONS, STS_OPERATIONS } from './operations.ts';

interface Match {
  /** Only requests with this secret id, spelled as in the request. Default: any. */
  readonly secretId?: string;
  /** Only requests in this Region. STS requests have none, because they are not signed. */
  readonly region?: string;
  /** The number of requests that the fault applies to. Default: 1. */
  readonly times?: number | 'forever';
  /** Ends the fault, regardless of `times`. */
  readonly until?: AbortSignal;
}

/** Faults below the service: of the connection, the timing or the bytes. */
export type DeliveryFault =
  /** Responds normally after a delay. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Never responds, or stops after this number of bytes of the response. */
  | { readonly kind: 'hang'; readonly afterBytes?: number }
  /** Resets the connection at once, or after this number of bytes of the response. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** Announces the length of the whole body, sends half of it, and closes the connection. */
  | { readonly kind: 'truncated' }
  /** Sends half of the body as a complete response. */
  | { readonly kind: 'truncatedJson' };

/** Fixed responses. */
export type AnswerFault =
  | { readonly kind: 'throttle' }
  | { readonly kind: 'serverError' }
  /** The response of a load balancer: 503 and HTML. */
  | { readonly kind: 'unavailableHtml' }
  /** Status 200 with unexpected JSON. Default: `[]`. */
  | { readonly kind: 'wrongJson'; readonly body?: string }
  | {
      readonly kind: 'custom';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    };

/** Errors of Secrets Manager for an authenticated caller. In a batch, they apply to one secret. */
export type SecretFault = {
  readonly kind: 'denied' | 'notFound' | 'kmsDenied' | 'decryptionFailure' | 'scheduledForDeletion';
};

/** Errors of STS. `denied` and `expiredToken` exist in every service. */
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

/** Queued faults in the given order. */
export class FaultScript {
  #entries: { operation: Operation | '*'; fault: Fault; left: number }[] = [];

  add(operation: Operation | '*', faults: readonly Fault[]): void {
    for (const fault of faults) {
      const times = fault.times ?? 1;
      this.#entries.push({ operation, fault, left: times === 'forever' ? Number.POSITIVE_INFINITY : times });
    }
  }

  /** Takes the first fault that matches the request. */
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

  /** Faults that have not applied to a request yet, so that a test can check that all were used. */
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
  const ofSts = STS_OPERATIONS.some((name) => name === target.operation);
  if (ONLY_STS.includes(fault.kind) && !ofSts) return false;
  return !(DESCRIBES_NO_VALUE.includes(fault.kind) && target.operation === 'DescribeSecret');
}
