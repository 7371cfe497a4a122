/**
 * What a run did and when: for the line of JSON that the log contains for each run, also for one that failed, and for the
 * trace of the run. It never contains a value. docs/reference/metrics.md describes the fields of the line.
 */
import { isVersionId } from '../../core/plan/versions.ts';
import type { FetchCode } from '../../core/problems/fetch-codes.ts';
import { processTime } from '../../runtime/process-time.ts';

/** The parts of a run, in their order. Loading the SDK belongs to the sign-in, which takes place at the same time. */
export type Part = 'start' | 'signIn' | 'fetch' | 'render' | 'write';

/** In milliseconds since the start of the process. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** How one secret was read, or was not. */
export interface SecretRead {
  /** As in the plan. */
  readonly arn: string;
  /** The Region that answered, or the last one that was tried. */
  readonly region: string;
  /** Undefined if the secret was not read. */
  readonly versionId: string | undefined;
  readonly span: Span;
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

export class RunLog {
  /** In the order of the plan. */
  reads: readonly SecretRead[] = [];
  readonly #parts = new Map<Part, Span>();
  #part: Part = 'start';
  #since = 0;
  #signedInAt: number | undefined;

  /** Ends the current part. */
  begin(part: Part): void {
    const now = processTime();
    this.#parts.set(this.#part, { start: this.#since, end: now });
    this.#part = part;
    this.#since = now;
  }

  /** The first sign-in was answered. Its part may go on, because the SDK is loaded meanwhile. */
  signedIn(): void {
    this.#signedInAt ??= processTime();
  }

  /** The part in which the run is, or has ended. */
  get last(): Part {
    return this.#part;
  }

  /** A part that has ended; of the sign-in, the time until its answer. */
  spanOf(part: Part): Span | undefined {
    const span = this.#parts.get(part);
    return part === 'signIn' && span !== undefined ? { ...span, end: this.#signedInAt ?? span.end } : span;
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
      milliseconds: Math.round(processTime()),
      parts: Object.fromEntries([...this.#parts].map(([part, span]) => [part, lengthOf(span)])),
      ...counts,
      secrets: this.reads.length,
      versions: fitting(this.reads),
      msg: 'fetch ended',
    });
  }
}

function lengthOf({ start, end }: Span): number {
  return Math.round(end - start);
}

/** The secrets that fit into a line, in the order of the plan. The others are counted in `secrets`. */
function fitting(reads: readonly SecretRead[]): readonly object[] {
  let bytes = 0;
  const listed: object[] = [];
  for (const { arn, region, versionId, span, retries, insteadOf, code } of reads) {
    const entry = {
      ...{ arn, region, milliseconds: lengthOf(span), retries, code },
      ...(versionId !== undefined && isVersionId(versionId) ? { versionId } : {}),
      ...(insteadOf.length > 0 ? { insteadOf } : {}),
    };
    bytes += JSON.stringify(entry).length + 1;
    if (bytes > MOST_SECRET_BYTES) break;
    listed.push(entry);
  }
  return listed;
}
