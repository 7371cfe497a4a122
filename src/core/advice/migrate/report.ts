/** How each field was handled: nothing of an object is left out without an entry. */
import { asArray, asObject } from '../../json.ts';

/** `changed`: the pod gets it, but not in every respect as before. */
export type Fate = 'carried' | 'changed' | 'not-carried';

export interface ReportEntry {
  /** `ExternalSecret/shop/db`. */
  readonly object: string;
  /** `spec.data[0].remoteRef.key`; empty for the whole object. */
  readonly field: string;
  readonly fate: Fate;
  /** Where it went, what is different, or why it could not be carried. */
  readonly what: string;
  /** What comes nearest, for what is not carried. */
  readonly instead?: string;
}

/** Why something cannot be carried, and what comes nearest. */
export interface Gap {
  readonly why: string;
  readonly instead: string;
}

/** Collects the entries of one object. */
export class ObjectReport {
  readonly object: string;
  #entries: ReportEntry[] = [];

  constructor(object: string) {
    this.object = object;
  }

  get entries(): readonly ReportEntry[] {
    return this.#entries;
  }

  carried(field: string, what: string): void {
    this.#add({ object: this.object, field, fate: 'carried', what });
  }

  changed(field: string, what: string): void {
    this.#add({ object: this.object, field, fate: 'changed', what });
  }

  notCarried(field: string, { why, instead }: Gap): void {
    this.#add({ object: this.object, field, fate: 'not-carried', what: why, instead });
  }

  /** Replaces all entries by one for the whole object. */
  leave(gap: Gap): void {
    this.#entries = [];
    this.notCarried('', gap);
  }

  /** Adds an entry for each leaf of a field that no entry covers, such as a field of a newer version of the tool. */
  finish(name: string, content: unknown): void {
    for (const leaf of leavesOf(name, content)) {
      if (!this.#covers(leaf)) this.notCarried(leaf, UNKNOWN_FIELD);
    }
  }

  #add(entry: ReportEntry): void {
    this.#entries.push(entry);
  }

  #covers(leaf: string): boolean {
    return this.#entries.some(
      ({ field }) => leaf === field || leaf.startsWith(`${field}.`) || leaf.startsWith(`${field}[`),
    );
  }
}

const UNKNOWN_FIELD: Gap = {
  why: 'migrate does not know this field',
  instead: 'look up what it does, and whether the pods depend on it',
};

/** The paths of everything that is not a map or a list, and of empty ones. */
function leavesOf(path: string, content: unknown): readonly string[] {
  const items = asArray(content);
  if (items !== undefined && items.length > 0)
    return items.flatMap((item, index) => leavesOf(`${path}[${index}]`, item));
  const members = Object.entries(asObject(content) ?? {});
  if (members.length > 0) return members.flatMap(([key, member]) => leavesOf(`${path}.${key}`, member));
  return content === undefined || content === null ? [] : [path];
}
