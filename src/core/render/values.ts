/** The fetched values of a plan for rendering: each one is parsed once, and problems are gathered as findings. */
import type { selectByJmesPath } from '../jmespath/index.ts';
import type { Plan, Selection } from '../plan/plan.ts';
import type { FetchCode } from '../problems/fetch-codes.ts';
import { Findings } from '../problems/findings.ts';
import { quote } from '../problems/quote.ts';
import {
  faultPosition,
  type JsonDocument,
  nestsTooDeeply,
  readDocument,
  readMembers,
  type SecretMembers,
} from '../secret/secret-json.ts';
import type { SecretValue } from '../secret/secret-value.ts';
import type { renderTemplate } from '../template/index.ts';

/** Engines that few plans need. The caller provides them for the plans that do. */
export interface Engines {
  readonly selectByJmesPath?: typeof selectByJmesPath;
  readonly renderTemplate?: typeof renderTemplate;
}

/** A reference, for messages: its annotation and its secret. */
export interface Place {
  readonly subject: string;
  readonly secret: number;
}

/** Names of keys by the index of their secret. */
export type DeliveredKeys = ReadonlyMap<number, ReadonlySet<string>>;

export class Values {
  readonly findings = new Findings<FetchCode>();
  readonly engines: Engines;
  readonly #plan: Plan;
  readonly #values: readonly (SecretValue | undefined)[];
  readonly #members = new Map<number, SecretMembers | undefined>();
  readonly #documents = new Map<number, JsonDocument | undefined>();
  readonly #faults = new Map<number, string>();
  #delivered = new Map<number, Set<string>>();

  /** @param values in the order of the plan's secrets; undefined for a missing optional secret */
  constructor(plan: Plan, values: readonly (SecretValue | undefined)[], engines: Engines) {
    this.#plan = plan;
    this.#values = values;
    this.engines = engines;
  }

  /** Notes that a view receives a key of a secret. */
  deliver(secret: number, key: string): void {
    const keys = this.#delivered.get(secret);
    if (keys === undefined) this.#delivered.set(secret, new Set([key]));
    else keys.add(key);
  }

  /** The keys that were delivered since the last call, by secret. */
  takeDelivered(): DeliveredKeys {
    const delivered = this.#delivered;
    this.#delivered = new Map();
    return delivered;
  }

  /** The whole value; undefined if the secret is missing. */
  wholeOf({ secret }: Pick<Selection, 'secret'>): SecretValue | undefined {
    return this.#values[secret];
  }

  arnOf(secret: number): string {
    return this.#plan.secrets[secret]?.arn ?? '';
  }

  /** The top-level members of a secret; undefined, with a problem, if the secret is not a JSON object. */
  membersOf(value: SecretValue, place: Place): SecretMembers | undefined {
    if (!this.#members.has(place.secret))
      this.#members.set(place.secret, readMembers(this.#read(value, place)));
    const members = this.#members.get(place.secret);
    if (members === undefined) this.#addNotJson(value, place, 'object');
    return members;
  }

  /** A secret as JSON of any type; undefined, with a problem, if the secret is not JSON. */
  documentOf(value: SecretValue, place: Place): JsonDocument | undefined {
    const document = this.#read(value, place);
    if (document === undefined) this.#addNotJson(value, place, 'any');
    return document;
  }

  #read(value: SecretValue, { secret }: Place): JsonDocument | undefined {
    if (!this.#documents.has(secret)) this.#documents.set(secret, readDocument(value));
    return this.#documents.get(secret);
  }

  #addNotJson(value: SecretValue, { subject, secret }: Place, kind: 'object' | 'any'): void {
    const what = kind === 'object' ? 'a JSON object' : 'JSON';
    const isDeep = nestsTooDeeply(value, kind);
    this.findings.add({
      code: 'VALUE_NOT_JSON',
      subject,
      wrong: `secret ${this.arnOf(secret)} ${isDeep ? 'is nested too deeply' : `is not ${what}${this.#faultIn(value, secret)}`}`,
      expected: `store ${isDeep ? 'JSON with less nesting' : what}, or remove the key to get the whole value`,
    });
  }

  /** The position of the first fault says nothing about the value, and finds a missing comma. */
  #faultIn(value: SecretValue, secret: number): string {
    let fault = this.#faults.get(secret);
    if (fault === undefined) {
      const position = faultPosition(value);
      // At the first character, the value is not meant as JSON.
      const isUseful = position !== undefined && (position.line > 1 || position.column > 1);
      fault = isUseful ? ` (fault at line ${position.line}, column ${position.column})` : '';
      this.#faults.set(secret, fault);
    }
    return fault;
  }

  /** Adds the problem of a key that is null. An optional reference treats null as missing. */
  addNull(key: string, { subject, secret }: Place): void {
    this.findings.add({
      code: 'VALUE_KEY_MISSING',
      subject,
      wrong: `key ${quote(key)} of secret ${this.arnOf(secret)} is null`,
      expected: 'set a value for the key, or make the reference optional in the YAML form',
    });
  }

  addMissing(key: string, { subject, secret }: Place): void {
    this.findings.add({
      code: 'VALUE_KEY_MISSING',
      subject,
      wrong: `secret ${this.arnOf(secret)} has no key ${quote(key)}`,
      expected:
        'use a top-level key of its JSON; keys are case-sensitive, and nested values need jmesPath in the YAML form',
    });
  }

  addInvalidUnicode({ subject, secret }: Place): void {
    this.findings.add({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject,
      wrong: `a value of secret ${this.arnOf(secret)} contains half of a surrogate pair, which UTF-8 cannot represent`,
      expected: 'store the value again with valid Unicode text',
    });
  }
}
