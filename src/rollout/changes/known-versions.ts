/** The current versions of secrets, as DescribeSecret reported them, and when to ask again. */
import { secretOfKey, type VersionMap } from '../../core/plan/version-map.ts';
import type { Stages } from '../effects.ts';

interface Entry {
  stages: Stages;
  due: number;
  failures: number;
  /** Counts answers, so that a hint can tell whether one came after it. */
  answers: number;
}

const RETRY_MILLISECONDS = 10_000;
/** A decision does not wait for more requests than these. The rest follows in the next pass. */
const MOST_PER_PASS = 100;
/** Before secrets that are not known yet. */
const AT_ONCE = -1;

export class KnownVersions {
  readonly #entries = new Map<string, Entry>();
  readonly #interval: number;
  readonly #random: () => number;
  #hasMore = false;

  /** @param interval milliseconds between two requests for a secret, before jitter */
  constructor(interval: number, random: () => number) {
    this.#interval = interval;
    this.#random = random;
  }

  /**
   * The secrets to ask for in this pass: those that wait longest, from each namespace in turn, so that nobody who names very
   * many keeps back the secrets of others. Secrets that are not wanted are forgotten.
   * @param wanted the namespaces of each secret
   */
  due(wanted: ReadonlyMap<string, ReadonlySet<string>>, now: number): readonly string[] {
    for (const arn of this.#entries.keys()) if (!wanted.has(arn)) this.#entries.delete(arn);
    const counts = new Map<string, number>();
    const due = [...wanted]
      .map(([arn, namespaces]) => ({ arn, namespaces, at: this.#entries.get(arn)?.due ?? 0 }))
      .filter(({ at }) => at <= now)
      .toSorted((one, other) => one.at - other.at)
      .map(({ arn, namespaces }) => ({ arn, turn: turnOf(namespaces, counts) }))
      .toSorted((one, other) => one.turn - other.turn);
    this.#hasMore = due.length > MOST_PER_PASS;
    return due.slice(0, MOST_PER_PASS).map(({ arn }) => arn);
  }

  /** When the next secret is due. */
  get nextDue(): number {
    if (this.#hasMore) return 0;
    let next = Number.POSITIVE_INFINITY;
    for (const { due } of this.#entries.values()) next = Math.min(next, due);
    return next;
  }

  /** Makes a secret due. @returns the number of answers so far */
  hint(arn: string): number {
    const entry = this.#entries.get(arn);
    if (entry !== undefined) entry.due = AT_ONCE;
    return entry?.answers ?? 0;
  }

  answersFor(arn: string): number {
    return this.#entries.get(arn)?.answers ?? 0;
  }

  found(arn: string, stages: Stages, now: number): void {
    const answers = this.answersFor(arn) + 1;
    // From half the interval to one and a half, so that secrets do not stay together.
    const due = now + this.#interval * (0.5 + this.#random());
    this.#entries.set(arn, { stages, due, failures: 0, answers });
  }

  /** @param isGone whether the secret has no versions any more; otherwise the known ones stay */
  failed(arn: string, isGone: boolean, now: number): void {
    const known = this.#entries.get(arn);
    const failures = (known?.failures ?? 0) + 1;
    const pause = Math.min(this.#interval, RETRY_MILLISECONDS * 2 ** Math.min(failures, 16));
    this.#entries.set(arn, {
      stages: isGone ? new Map() : (known?.stages ?? new Map()),
      due: now + pause * (0.5 + this.#random() / 2),
      failures,
      // That it does not exist is an answer as well.
      answers: (known?.answers ?? 0) + (isGone ? 1 : 0),
    });
  }

  /** The current versions of keys, as far as they are known. */
  current(keys: Iterable<string>): VersionMap {
    const versions = new Map<string, string>();
    for (const key of keys) {
      const { arn, stage } = secretOfKey(key);
      const version = this.#entries.get(arn)?.stages.get(stage);
      if (version !== undefined) versions.set(key, version);
    }
    return versions;
  }
}

/** The first turn in which one of the namespaces asks for a further secret. */
function turnOf(namespaces: ReadonlySet<string>, counts: Map<string, number>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const namespace of namespaces) {
    const turn = counts.get(namespace) ?? 0;
    counts.set(namespace, turn + 1);
    first = Math.min(first, turn);
  }
  return first;
}
