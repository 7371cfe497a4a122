/** What an audit found. */
import { printable } from '../../problems/quote.ts';
import { type AuditCode, type AuditLevel, ruleOf } from './rules.ts';

export interface AuditFinding {
  readonly code: AuditCode;
  readonly level: AuditLevel;
  /** The ARN of a role or secret, or the name of a workload or policy. */
  readonly subject: string;
  /** One sentence without its full stop. */
  readonly message: string;
  /** Things that the message is about, such as secrets; a few of them. */
  readonly items: readonly string[];
  /** The number of items that are not listed. */
  readonly more: number;
  /** Names of the workloads that it concerns; a few of them. */
  readonly workloads: readonly string[];
}

/** An account can have 500,000 secrets. Of each code, the rest is only counted, so that notes never displace errors. */
const MOST_OF_A_CODE = 2000;
const MOST_ITEMS = 20;
/** ARNs of roles and secrets have fewer characters. */
const LONGEST = 640;

interface Details {
  readonly items?: Iterable<string>;
  /** The number of items, if not all are given. */
  readonly count?: number;
  readonly workloads?: Iterable<string>;
}

/** Gathers findings. Text of policies and manifests becomes printable here. */
export class AuditFindings {
  readonly #found: AuditFinding[] = [];
  readonly #counts = new Map<AuditCode, number>();
  #dropped = 0;

  add(code: AuditCode, subject: string, message: string, details: Details = {}): void {
    const ofCode = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, ofCode);
    if (ofCode > MOST_OF_A_CODE) {
      this.#dropped += 1;
      return;
    }
    const items = few(details.items ?? []);
    this.#found.push({
      code,
      level: ruleOf(code).level,
      subject: printable(subject, LONGEST),
      message: printable(message, 2 * LONGEST),
      items: items.texts,
      more: (details.count ?? items.count) - items.texts.length,
      workloads: few(details.workloads ?? []).texts,
    });
  }

  /** The number of findings that were only counted. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Errors first, then in the order of codes, subjects and messages. */
  inOrder(): readonly AuditFinding[] {
    const keys = new Map(
      this.#found.map((one) => [one, `${LEVELS[one.level]} ${one.code} ${one.subject} ${one.message}`]),
    );
    const key = (one: AuditFinding) => keys.get(one) ?? '';
    return this.#found.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  }
}

const LEVELS: Readonly<Record<AuditLevel, number>> = { error: 0, warning: 1, note: 2 };

function few(all: Iterable<string>): { readonly texts: readonly string[]; readonly count: number } {
  const texts: string[] = [];
  let count = 0;
  for (const one of all) {
    count += 1;
    if (texts.length < MOST_ITEMS) texts.push(printable(one, LONGEST));
  }
  return { texts, count };
}
