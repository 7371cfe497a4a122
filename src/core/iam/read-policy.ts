/** Reads policy documents that somebody else wrote (IAM User Guide, JSON policy element reference). */
import { asArray, asObject, field, type JsonObject } from '../json.ts';
import { failed, ok, type Result } from '../problems/result.ts';

/** Values of an element, or of its opposite, such as `NotAction`. */
export interface Selector<T = string> {
  readonly isExcluded: boolean;
  readonly values: readonly T[];
}

/** `*` is everyone. */
export interface PolicyPrincipal {
  readonly kind: string;
  readonly id: string;
}

export interface PolicyCondition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface PolicyStatement {
  /** The Sid, or the number of the statement. */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  readonly principals: Selector<PolicyPrincipal> | undefined;
  readonly actions: Selector;
  /** Undefined in trust policies. */
  readonly resources: Selector | undefined;
  readonly conditions: readonly PolicyCondition[];
}

export interface Policy {
  readonly statements: readonly PolicyStatement[];
  /** Whether `${…}` are variables, as in version 2012-10-17. */
  readonly hasVariables: boolean;
}

/** AWS allows 10,240 characters for all inline policies of a role. A resource policy of a secret has at most 20,480. */
const MOST_STATEMENTS = 500;
const MOST_VALUES = 2000;
const MOST_CHARACTERS = 256 * 1024;
const ELEMENTS: ReadonlySet<string> = new Set([
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction'],
  ...['Resource', 'NotResource', 'Condition'],
]);

/**
 * Reads a document: an object, or its text, which the IAM API encodes as in URLs.
 * @returns it, or what is wrong; no part of a document that is not understood is ignored
 */
export function readPolicy(document: unknown): Result<Policy, string> {
  const json = typeof document === 'string' ? parse(document) : document;
  const object = asObject(json);
  if (object === undefined) return failed('is not a JSON object');
  const list = asArray(field(object, 'Statement')) ?? [field(object, 'Statement')];
  if (list.length > MOST_STATEMENTS) return failed(`has more than ${MOST_STATEMENTS} statements`);
  const statements: PolicyStatement[] = [];
  for (const [index, one] of list.entries()) {
    const statement = readStatement(one, index + 1);
    if (!statement.ok) return failed(`statement ${index + 1} ${statement.problem}`);
    statements.push(statement.value);
  }
  return ok({ statements, hasVariables: field(object, 'Version') === '2012-10-17' });
}

function parse(text: string): unknown {
  if (text.length > MOST_CHARACTERS) return undefined;
  try {
    return JSON.parse(text.trimStart().startsWith('{') ? text : decodeURIComponent(text));
  } catch {
    return undefined;
  }
}

function readStatement(json: unknown, number: number): Result<PolicyStatement, string> {
  const object = asObject(json);
  if (object === undefined) return failed('is not an object');
  if (Object.keys(object).some((key) => !ELEMENTS.has(key))) return failed('has an unknown element');
  const effect = field(object, 'Effect');
  if (effect !== 'Allow' && effect !== 'Deny') return failed('has no valid Effect');
  const actions = selector(object, 'Action', texts);
  const resources = selector(object, 'Resource', texts);
  const principals = selector(object, 'Principal', readPrincipals);
  const conditions = readConditions(field(object, 'Condition'));
  if (actions === undefined) return failed('has no Action');
  if (actions === 'invalid') return failed('has an invalid Action');
  if (resources === 'invalid') return failed('has an invalid Resource');
  if (principals === 'invalid') return failed('has an invalid Principal');
  if (conditions === undefined) return failed('has an invalid Condition');
  const sid = field(object, 'Sid');
  const name = typeof sid === 'string' && sid !== '' ? sid : String(number);
  return ok({ name, effect, actions, resources, principals, conditions });
}

function selector<T>(
  object: JsonObject,
  name: string,
  read: (json: unknown) => readonly T[] | undefined,
): Selector<T> | 'invalid' | undefined {
  const [json, opposite] = [field(object, name), field(object, `Not${name}`)];
  if (json === undefined && opposite === undefined) return undefined;
  const values = json !== undefined && opposite !== undefined ? undefined : read(json ?? opposite);
  return values === undefined ? 'invalid' : { isExcluded: json === undefined, values };
}

function texts(json: unknown): readonly string[] | undefined {
  const list = asArray(json) ?? [json];
  if (list.length > MOST_VALUES) return undefined;
  return list.every((one) => typeof one === 'string') ? list : undefined;
}

/** Values of conditions can also be numbers and booleans. */
function scalars(json: unknown): readonly string[] | undefined {
  const list = asArray(json) ?? [json];
  return texts(list.map((one) => (typeof one === 'number' || typeof one === 'boolean' ? String(one) : one)));
}

function readPrincipals(json: unknown): readonly PolicyPrincipal[] | undefined {
  if (json === '*') return [EVERYONE];
  const object = asObject(json);
  if (object === undefined) return undefined;
  const principals: PolicyPrincipal[] = [];
  for (const [kind, ids] of Object.entries(object)) {
    const list = texts(ids);
    if (list === undefined) return undefined;
    for (const id of list) principals.push(kind === 'AWS' && id === '*' ? EVERYONE : { kind, id });
  }
  return principals;
}

const EVERYONE: PolicyPrincipal = { kind: '*', id: '*' };

function readConditions(json: unknown): readonly PolicyCondition[] | undefined {
  if (json === undefined) return [];
  const operators = asObject(json);
  if (operators === undefined) return undefined;
  const conditions: PolicyCondition[] = [];
  for (const [operator, keys] of Object.entries(operators)) {
    const byKey = asObject(keys);
    if (byKey === undefined) return undefined;
    for (const [key, value] of Object.entries(byKey)) {
      const values = scalars(value);
      if (values === undefined || conditions.length === MOST_VALUES) return undefined;
      conditions.push({ operator, key, values });
    }
  }
  return conditions;
}
