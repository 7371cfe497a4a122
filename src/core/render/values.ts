/**
 * The fetched values of a plan, as rendering asks for them: parsed once however many references name them, and every
 * fault told to whoever gathers problems.
 */

import type { selectByJmesPath } from '../jmespath/index.ts';
import type { Plan, Selection } from '../plan/plan.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import {
  type JsonDocument,
  nestsTooDeeply,
  readDocument,
  readMembers,
  type SecretMembers,
} from '../secret/secret-json.ts';
import type { SecretValue } from '../secret/secret-value.ts';
import type { renderTemplate } from '../template/index.ts';

/** Engines that few plans need: whoever renders such a plan brings them. */
export interface Engines {
  readonly selectByJmesPath?: typeof selectByJmesPath;
  readonly renderTemplate?: typeof renderTemplate;
}

/** What is complained of: where, and which secret. */
export interface Place {
  readonly subject: string;
  readonly secret: number;
}

export class Values {
  readonly problems: FetchProblem[] = [];
  readonly engines: Engines;
  readonly #plan: Plan;
  readonly #values: readonly (SecretValue | undefined)[];
  readonly #members = new Map<number, SecretMembers | undefined>();
  readonly #documents = new Map<number, JsonDocument | undefined>();

  /** @param values in the order of the plan's secrets; undefined for one that is absent and may be */
  constructor(plan: Plan, values: readonly (SecretValue | undefined)[], engines: Engines) {
    this.#plan = plan;
    this.#values = values;
    this.engines = engines;
  }

  /** The whole value; undefined if the secret is absent. */
  wholeOf({ secret }: Pick<Selection, 'secret'>): SecretValue | undefined {
    return this.#values[secret];
  }

  arnOf(secret: number): string {
    return this.#plan.secrets[secret]?.arn ?? '';
  }

  /** The top-level members of a secret; undefined, with a problem, if it is no JSON object. */
  membersOf(value: SecretValue, place: Place): SecretMembers | undefined {
    if (!this.#members.has(place.secret))
      this.#members.set(place.secret, readMembers(this.#read(value, place)));
    const members = this.#members.get(place.secret);
    if (members === undefined) this.#complainOfJson(value, place, 'object');
    return members;
  }

  /** A secret as JSON of any kind; undefined, with a problem, if it is none. */
  documentOf(value: SecretValue, place: Place): JsonDocument | undefined {
    const document = this.#read(value, place);
    if (document === undefined) this.#complainOfJson(value, place, 'any');
    return document;
  }

  #read(value: SecretValue, { secret }: Place): JsonDocument | undefined {
    if (!this.#documents.has(secret)) this.#documents.set(secret, readDocument(value));
    return this.#documents.get(secret);
  }

  #complainOfJson(value: SecretValue, { subject, secret }: Place, kind: 'object' | 'any'): void {
    const what = kind === 'object' ? 'a JSON object' : 'JSON';
    const isDeep = nestsTooDeeply(value, kind);
    this.complain({
      code: 'VALUE_NOT_JSON',
      subject,
      wrong: `the secret ${this.arnOf(secret)} ${isDeep ? 'nests too deeply to be read' : `is not ${what}`}`,
      expected: `store ${isDeep ? 'flatter JSON' : what}, or leave the key out to get the whole value`,
    });
  }

  complain(problem: FetchProblem): void {
    this.problems.push(problem);
  }

  /** A member that is null: absent for whoever can do without, and a mistake for everybody else. */
  complainOfNull(key: string, { subject, secret }: Place): void {
    this.complain({
      code: 'VALUE_KEY_MISSING',
      subject,
      wrong: `the key ${quote(key)} of the secret ${this.arnOf(secret)} is null`,
      expected: 'give it a value: null is neither text nor absent',
    });
  }

  complainOfMissing(key: string, { subject, secret }: Place): void {
    this.complain({
      code: 'VALUE_KEY_MISSING',
      subject,
      wrong: `the secret ${this.arnOf(secret)} has no key ${quote(key)}`,
      expected: 'name a top-level key of its JSON; case matters',
    });
  }

  complainOfEncoding({ subject, secret }: Place): void {
    this.complain({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject,
      wrong: `a value of the secret ${this.arnOf(secret)} holds half of a surrogate pair, which has no UTF-8 form`,
      expected: 'store it again with whole characters',
    });
  }
}
