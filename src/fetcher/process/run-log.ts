/**
 * The line of JSON that the log contains for each run, also for one that failed: what was read, where, and how long each part
 * took. It never contains a value. docs/reference/metrics.md describes its fields.
 */
import type { FetchCode } from '../../core/problems/fetch-codes.ts';

/** The parts of a run, in their order. Loading the SDK belongs to the sign-in, which takes place at the same time. */
export type Part = 'start' | 'signIn' | 'fetch' | 'render' | 'write';

/** How one secret was read, or was not. */
export interface SecretRead {
  /** As in the plan. */
  readonly arn: string;
  /** The Region that answered, or the last one that was tried. */
  readonly region: string;
  /** Undefined if the secret was not read. */
  readonly versionId: string | undefined;
  readonly milliseconds: number;
  readonly retries: number;
  /** The Regions that were unavailable before, with failover. */
  readonly insteadOf: readonly string[];
  /** The problem, if it could not be read. */
  readonly code: FetchCode | undefined;
}

/** How a run ended. */
export interface RunEnd {
  readonly outcome: 'wrote' | 'kept' | 'failed';
  readonly exitCode: number;
  /** The codes of all problems. */
  readonly codes?: readonly FetchCode[];
  readonly retries: number;
  readonly files?: number;
}

/** Container runtimes split lines of more than 16 KiB. The other fields take less than one. */
const MOST_SECRET_BYTES = 15 * 1024;
/** Version IDs have 32 to 64 characters. Anything else in an answer must not get into the log. */
const VERSION_ID = /^[\w-]{32,64}$/;

export class RunLog {
  reads: readonly SecretRead[] = [];
  readonly #milliseconds: Partial<Record<Part, number>> = {};
  #part: Part = 'start';
  /** In milliseconds since the start of the process. */
  #since = 0;

  /** Ends the current part. */
  begin(part: Part): void {
    const now = performance.now();
    this.#milliseconds[this.#part] = Math.round(now - this.#since);
    this.#part = part;
    this.#since = now;
  }

  /** Ends the run. @returns the line, without a newline */
  end({ outcome, exitCode, codes, ...counts }: RunEnd): string {
    this.begin(this.#part);
    return JSON.stringify({
      level: outcome === 'failed' ? 'error' : 'info',
      time: new Date().toISOString(),
      outcome,
      exitCode,
      ...(codes === undefined ? {} : { codes: [...new Set(codes)].join(',') }),
      milliseconds: Math.round(performance.now()),
      parts: this.#milliseconds,
      ...counts,
      secrets: this.reads.length,
      versions: fitting(this.reads),
      msg: 'fetch ended',
    });
  }
}

/** The secrets that fit into a line, in the order of the plan. The others are counted in `secrets`. */
function fitting(reads: readonly SecretRead[]): readonly object[] {
  let bytes = 0;
  const listed: object[] = [];
  for (const { versionId, insteadOf, ...read } of reads) {
    const entry = {
      ...read,
      ...(versionId !== undefined && VERSION_ID.test(versionId) ? { versionId } : {}),
      ...(insteadOf.length > 0 ? { insteadOf } : {}),
    };
    bytes += JSON.stringify(entry).length + 1;
    if (bytes > MOST_SECRET_BYTES) break;
    listed.push(entry);
  }
  return listed;
}
