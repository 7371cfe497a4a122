import type { Fault } from './faults.ts';
import type { Operation } from './operations.ts';

/** A request in the log, without any secret value. */
export interface StandInRequest {
  /** Undefined if the fake does not support the operation. */
  readonly operation: Operation | undefined;
  /** From the scope of the signature, or, for STS, from the AWS host name, if any. */
  readonly region: string | undefined;
  readonly secretId: string | undefined;
  /** The secret ids of a batch. */
  readonly secretIds: readonly string[];
  readonly versionId: string | undefined;
  readonly versionStage: string | undefined;
  readonly roleArn: string | undefined;
  readonly sessionName: string | undefined;
  readonly externalId: string | undefined;
  /** The session tags of AssumeRole. */
  readonly tags: Readonly<Record<string, string>>;
  readonly durationSeconds: number | undefined;
  readonly userAgent: string | undefined;
  /** Requests with the same number used the same socket. */
  readonly connection: number;
  /** The number of requests without a response when this one arrived, including this one. */
  readonly concurrent: number;
  /** The kind of the fault that applied to the request. */
  readonly fault: Fault['kind'] | undefined;
  /** Milliseconds on a monotonic clock. */
  readonly startedAt: number;
  /** Undefined until the response, and always if a fault prevents any response. */
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly finishedAt: number | undefined;
}

export interface Peak {
  /** The largest number of requests without a response at the same time. */
  readonly requests: number;
  /** The largest number of open sockets at the same time. */
  readonly connections: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type OpenRequest = Mutable<StandInRequest>;

/** All requests in order of arrival. */
export class RequestLog {
  readonly #requests: OpenRequest[] = [];
  #waiting = 0;
  #mostWaiting = 0;

  get requests(): readonly StandInRequest[] {
    return this.#requests;
  }

  get mostWaiting(): number {
    return this.#mostWaiting;
  }

  /** Counts a request that starts to arrive. Call the returned function when it ends. */
  begin(): { concurrent: number; end: () => void } {
    this.#waiting += 1;
    this.#mostWaiting = Math.max(this.#mostWaiting, this.#waiting);
    let open = true;
    const end = () => {
      if (open) this.#waiting -= 1;
      open = false;
    };
    return { concurrent: this.#waiting, end };
  }

  add(request: OpenRequest): void {
    this.#requests.push(request);
  }

  clear(): void {
    this.#requests.length = 0;
    this.#mostWaiting = this.#waiting;
  }
}
