import type { Fault } from './faults.ts';
import type { Operation } from './operations.ts';

/** One request as the stand-in saw it. Values never appear here. */
export interface StandInRequest {
  /** Undefined when the request named an operation that the stand-in does not know. */
  readonly operation: Operation | undefined;
  /** From the signature's scope, or, for STS, from an AWS host name if one was used. */
  readonly region: string | undefined;
  readonly secretId: string | undefined;
  /** Of a batch. */
  readonly secretIds: readonly string[];
  readonly versionId: string | undefined;
  readonly versionStage: string | undefined;
  readonly roleArn: string | undefined;
  readonly sessionName: string | undefined;
  readonly durationSeconds: number | undefined;
  readonly userAgent: string | undefined;
  /** Requests with the same number came over the same socket. */
  readonly connection: number;
  /** How many requests, this one included, were waiting for their answer when it arrived. */
  readonly concurrent: number;
  /** The kind of the fault that met it. */
  readonly fault: Fault['kind'] | undefined;
  /** Milliseconds on a monotonic clock. */
  readonly startedAt: number;
  /** Undefined while unanswered, for good when it hangs or is reset before any byte. */
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly finishedAt: number | undefined;
}

export interface Peak {
  /** Most requests that waited for an answer at one time. */
  readonly requests: number;
  /** Most sockets that were open at one time. */
  readonly connections: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type OpenRequest = Mutable<StandInRequest>;

/** What arrived, in order of arrival. */
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

  /** Counts a request that has begun to arrive; the function returned, called once, ends it. */
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
