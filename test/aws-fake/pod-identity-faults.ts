import type { DeliveryFault } from './faults.ts';

/** Error responses of the agent, and its responses with unexpected content. */
export type AgentAnswerFault =
  /** EKS may not assume the role of the association: status 400, as EKS Auth responds. */
  | { readonly kind: 'denied' }
  /** The service account has no association: status 404. */
  | { readonly kind: 'notFound' }
  /** EKS Auth throttles the node: status 429. */
  | { readonly kind: 'throttle' }
  /** EKS Auth fails: status 500. */
  | { readonly kind: 'serverError' }
  /** EKS Auth is unavailable: status 503. */
  | { readonly kind: 'unavailable' }
  /** The agent cannot reach EKS Auth: status 500, without a code. */
  | { readonly kind: 'unreachable' }
  /** Status 200 with unexpected content. Default: `[]`. */
  | { readonly kind: 'wrongJson'; readonly body?: string }
  /** Status 200, and these fields replaced; undefined leaves a field out. */
  | { readonly kind: 'changed'; readonly fields: Readonly<Record<string, string | undefined>> }
  | {
      readonly kind: 'custom';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

interface Match {
  /** Only requests with a token of this namespace. Default: any. */
  readonly namespace?: string;
  /** The number of requests that the fault applies to. Default: 1. */
  readonly times?: number | 'forever';
  /** Ends the fault, regardless of `times`. */
  readonly until?: AbortSignal;
}

export type AgentFault = (DeliveryFault | AgentAnswerFault) & Match;

/** Queued faults in the given order. */
export class AgentFaultScript {
  #entries: { fault: AgentFault; left: number }[] = [];

  add(faults: readonly AgentFault[]): void {
    for (const fault of faults) {
      const { times = 1 } = fault;
      this.#entries.push({ fault, left: times === 'forever' ? Number.POSITIVE_INFINITY : times });
    }
  }

  /** Takes the first fault for the namespace. */
  take(namespace: string | undefined): AgentFault | undefined {
    const entry = this.#entries.find(
      ({ fault }) =>
        fault.until?.aborted !== true && (fault.namespace === undefined || fault.namespace === namespace),
    );
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#entries = this.#entries.filter((other) => other !== entry);
    return entry.fault;
  }

  clear(): void {
    this.#entries = [];
  }

  get pending(): readonly AgentFault[] {
    return this.#entries.map(({ fault }) => fault);
  }
}
