/**
 * The log of the sidecar: one line of JSON for each change. A failure that repeats is logged again after an hour, not with
 * each look. It never contains a value. docs/reference/metrics.md describes the lines.
 */
import { isVersionId } from '../../core/plan/versions.ts';
import { formatProblem } from '../../core/problems/problems.ts';
import type { ActionReport, LookProblem, LookReport, Versions } from './messages.ts';

const AGAIN_AFTER = 3_600_000;
/** Container runtimes split lines of more than 16 KiB. */
const MOST_LIST_BYTES = 12 * 1024;
const MOST_PROBLEMS = 5;

type Fields = Readonly<Record<string, string | number | readonly object[]>>;

export class RefreshLog {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #arns: readonly string[];
  /** Failures that last: their text, when it was logged, and how often they were reported. */
  readonly #failures = new Map<string, { text: string; at: number; count: number }>();

  /** @param now in milliseconds of a monotonic clock */
  constructor(write: (line: string) => void, now: () => number, arns: readonly string[]) {
    this.#write = write;
    this.#now = now;
    this.#arns = arns;
  }

  started(seconds: number): void {
    this.#line('info', 'refresh started', { seconds, secrets: this.#arns.length });
  }

  looked({ outcome, problems, versions, warnings }: LookReport): void {
    if (outcome === 'failed') {
      this.#failed('refresh', 'refresh failed', {}, problems);
      return;
    }
    this.#recovered();
    if (outcome === 'same') return;
    const versionIds = fitting(this.#arns, versions);
    this.#line('info', 'refreshed', { outcome, secrets: versions.length, versions: versionIds });
    for (const warning of warnings.slice(0, MOST_PROBLEMS)) this.#line('warn', 'refreshed', { warning });
  }

  acted({ action, problem }: ActionReport): void {
    if (problem !== undefined) {
      this.#failed(action, 'on-change failed', { action }, [problem]);
      return;
    }
    this.#failures.delete(action);
    this.#line('info', 'on-change done', { action });
  }

  /** Something else that does not work, and that is tried again. */
  failing(what: string, fields: Fields): void {
    this.#repeated(what, JSON.stringify(fields), () => this.#line('warn', what, fields));
  }

  #failed(key: string, message: string, fields: Fields, problems: readonly LookProblem[]): void {
    const codes = [...new Set(problems.map(({ code }) => code))].join(',');
    const shown = problems.slice(0, MOST_PROBLEMS).map(formatProblem);
    const more = problems.length - shown.length;
    const problem = [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
    this.#repeated(key, codes, () => this.#line('error', message, { ...fields, codes, problem }));
  }

  #repeated(key: string, text: string, write: () => void): void {
    const before = this.#failures.get(key);
    const count = (before?.count ?? 0) + 1;
    if (before?.text === text && this.#now() - before.at < AGAIN_AFTER) {
      before.count = count;
      return;
    }
    this.#failures.set(key, { text, at: this.#now(), count });
    write();
  }

  #recovered(): void {
    const before = this.#failures.get('refresh');
    if (before === undefined) return;
    this.#failures.delete('refresh');
    this.#line('info', 'refresh recovered', { failures: before.count });
  }

  #line(level: 'info' | 'warn' | 'error', msg: string, fields: Fields): void {
    this.#write(JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg }));
  }
}

/** The versions that fit into a line, in the order of the plan. */
function fitting(arns: readonly string[], versions: Versions): readonly object[] {
  let bytes = 0;
  const listed: object[] = [];
  for (const [index, version] of versions.entries()) {
    const isKnown = typeof version === 'object' && version !== null && isVersionId(version.id);
    const entry = { arn: arns[index] ?? '', ...(isKnown ? { versionId: version.id } : {}) };
    bytes += JSON.stringify(entry).length + 1;
    if (bytes > MOST_LIST_BYTES) break;
    listed.push(entry);
  }
  return listed;
}
