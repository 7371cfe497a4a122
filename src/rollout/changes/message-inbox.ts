/** Messages that were received and not yet deleted. */
import { parseArn, type SecretArn } from '../../core/names/arn.ts';
import { secretOfKey } from '../../core/plan/version-map.ts';
import type { Workload } from '../decide/workload.ts';
import type { Message } from '../effects.ts';
import type { KnownVersions } from './known-versions.ts';
import { type Hint, REFUSALS, type Refusal, readMessage } from './message.ts';

/** `known`: DescribeSecret has reported this version already, as after a repeated message. */
export const MESSAGE_RESULTS = ['change', 'known', 'not-requested', ...REFUSALS] as const;
export type MessageResult = 'change' | 'known' | 'not-requested' | Refusal;

/** More are not received. */
const MOST_MESSAGES = 1000;

interface Open {
  readonly receipt: string;
  /** The secrets as workloads name them, each with the number of answers before the message. */
  readonly before: ReadonlyMap<string, number>;
}

export class MessageInbox {
  readonly #versions: KnownVersions;
  #open: readonly Open[] = [];

  constructor(versions: KnownVersions) {
    this.#versions = versions;
  }

  get hasRoom(): boolean {
    return this.#open.length < MOST_MESSAGES;
  }

  /** Takes a message. A `change` or a `known` one stays until it is finished; for others, nothing remains to be done. */
  take({ body, receipt }: Message, workloads: readonly Workload[], now: number): MessageResult {
    const hint = readMessage(body, now);
    if (typeof hint === 'string') return hint;
    const keys = new Set(workloads.flatMap(({ all }) => all.filter((key) => isAbout(hint, key))));
    if (keys.size === 0) return 'not-requested';
    const current = this.#versions.current(keys);
    const isKnown =
      hint.versionId !== undefined && [...keys].every((key) => current.get(key) === hint.versionId);
    const arns = new Set([...keys].map((key) => secretOfKey(key).arn));
    const before = [...arns].map(
      (arn) => [arn, isKnown ? this.#versions.answersFor(arn) - 1 : this.#versions.hint(arn)] as const,
    );
    this.#open = [...this.#open, { receipt, before: new Map(before) }];
    return isKnown ? 'known' : 'change';
  }

  /**
   * Receipts of messages that can be deleted: DescribeSecret has answered since, and each workload has a version that the
   * answer can be compared with, also after a crash.
   */
  finished(workloads: readonly Workload[]): readonly string[] {
    const bare = new Set(
      workloads.flatMap(({ secrets, excluded, recorded, settled }) =>
        excluded === undefined
          ? secrets
              .filter((key) => !recorded.has(key) && !settled.has(key))
              .map((key) => secretOfKey(key).arn)
          : [],
      ),
    );
    return this.#open
      .filter(({ before }) =>
        [...before].every(([arn, count]) => this.#versions.answersFor(arn) > count && !bare.has(arn)),
      )
      .map(({ receipt }) => receipt);
  }

  forget(receipts: readonly string[]): void {
    if (receipts.length === 0) return;
    const gone = new Set(receipts);
    this.#open = this.#open.filter(({ receipt }) => !gone.has(receipt));
  }
}

function isAbout(hint: Hint, key: string): boolean {
  const { arn, stage } = secretOfKey(key);
  if (hint.stage !== undefined && hint.stage !== stage) return false;
  return arn === hint.arn || isPartialOf(arn, hint.arn);
}

/** Whether an ARN without its six-character suffix names the secret of a complete one. */
function isPartialOf(partial: string, complete: string): boolean {
  const [short, long] = [arnOf(partial), arnOf(complete)];
  return (
    short !== undefined &&
    long !== undefined &&
    short.suffix === undefined &&
    complete === `${partial}-${long.suffix}`
  );
}

function arnOf(text: string): SecretArn | undefined {
  const parsed = parseArn(text, 'arn');
  return parsed.ok ? parsed.value : undefined;
}
