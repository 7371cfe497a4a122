/**
 * A small evaluator of IAM policies, by the rules of the IAM User Guide (policy evaluation logic, JSON policy elements).
 * It throws for everything that it does not know, so that no part of a policy is ignored.
 */

/** A request as IAM sees it. A key is in the context only if the caller or AWS sets it. */
export interface IamRequest {
  readonly action: string;
  /** Undefined for a trust policy, which has no resources. */
  readonly resource?: string;
  /** The caller, for policies with principals: `AWS arn:…`, `Service …` or `Federated arn:…`. */
  readonly principal?: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

type Values = string | readonly string[];

interface PolicyStatement {
  readonly Effect: string;
  readonly Principal?: string | Readonly<Record<string, Values>>;
  readonly Action: Values;
  readonly Resource?: Values;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Values>>>>;
}

const ELEMENTS: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Principal',
  'Action',
  'Resource',
  'Condition',
]);

/** Whether the policies of one identity, or one policy of a resource, allow a request. An explicit deny wins. */
export function allows(policies: readonly object[], request: IamRequest): boolean {
  const effects = policies.flatMap((policy) =>
    statementsOf(policy).flatMap((statement) => (applies(statement, request) ? [statement.Effect] : [])),
  );
  return effects.includes('Allow') && !effects.includes('Deny');
}

function statementsOf(policy: object): readonly PolicyStatement[] {
  const { Version, Statement, ...others } = policy as Readonly<Record<string, unknown>>;
  if (Version !== '2012-10-17' || !Array.isArray(Statement) || Object.keys(others).length > 0)
    throw new TypeError('not a policy document');
  return Statement as readonly PolicyStatement[];
}

function applies(statement: PolicyStatement, request: IamRequest): boolean {
  for (const element of Object.keys(statement))
    if (!ELEMENTS.has(element)) throw new TypeError(`unknown element ${element}`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') throw new TypeError('unknown effect');
  return (
    matchesPrincipal(statement.Principal, request.principal) &&
    list(statement.Action).some((pattern) => wildcard(pattern.toLowerCase(), request.action.toLowerCase())) &&
    matchesResource(statement.Resource, request.resource) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) => matchesCondition(operator, key, list(values), request)),
    )
  );
}

function matchesPrincipal(principal: PolicyStatement['Principal'], caller: string | undefined): boolean {
  if ((principal === undefined) !== (caller === undefined))
    throw new TypeError('an identity policy has no principal, and every other policy has one');
  if (principal === undefined || principal === '*') return true;
  if (typeof principal === 'string') throw new TypeError('unknown principal');
  return Object.entries(principal).some(([kind, ids]) => list(ids).some((id) => `${kind} ${id}` === caller));
}

function matchesResource(patterns: Values | undefined, resource: string | undefined): boolean {
  if ((patterns === undefined) !== (resource === undefined))
    throw new TypeError('trust policies have no resource, and all others have one');
  if (patterns === undefined || resource === undefined) return true;
  return list(patterns).some((pattern) => pattern === '*' || matchesArn(pattern, resource));
}

/** Wildcards stay within the field of an ARN. The last field can contain colons. */
function matchesArn(pattern: string, arn: string): boolean {
  const [patterns, fields] = [fieldsOf(pattern), fieldsOf(arn)];
  return fields.every((field, index) => wildcard(patterns[index] ?? '', field));
}

function fieldsOf(arn: string): readonly string[] {
  const fields = arn.split(':');
  if (fields.length < 6 || fields[0] !== 'arn') throw new TypeError(`not an ARN: ${arn}`);
  return [...fields.slice(0, 5), fields.slice(5).join(':')];
}

/** `*` is any text, `?` one character. */
export function wildcard(pattern: string, text: string): boolean {
  const known = EXPRESSIONS.get(pattern) ?? expressionOf(pattern);
  EXPRESSIONS.set(pattern, known);
  return known.test(text);
}

const EXPRESSIONS = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  if (pattern.includes('${')) throw new TypeError(`policy variable in ${pattern}`);
  const source = [...pattern].map((one) =>
    one === '*' ? '.*' : one === '?' ? '.' : one.replace(/[\\^$.|+()[\]{}/-]/, '\\$&'),
  );
  return new RegExp(`^${source.join('')}$`, 's');
}

const COMPARISONS: Readonly<Record<string, (expected: string, actual: string) => boolean>> = {
  StringEquals: (expected, actual) => literal(expected) === actual,
  StringLike: wildcard,
  ArnEquals: matchesArn,
  ArnLike: matchesArn,
};

function literal(text: string): string {
  if (text.includes('${')) throw new TypeError(`policy variable in ${text}`);
  return text;
}

function matchesCondition(
  operator: string,
  key: string,
  expected: readonly string[],
  { context = {} }: IamRequest,
): boolean {
  const [, actual] = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase()) ?? [];
  if (operator === 'Null') return expected.some((value) => (value === 'true') === (actual === undefined));
  const [, set, name = '', ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?(.+?)(IfExists)?$/.exec(operator) ?? [];
  const compare = COMPARISONS[name];
  if (compare === undefined) throw new TypeError(`unknown operator ${operator}`);
  const matches = (value: string) => expected.some((one) => compare(one, value));
  if (actual === undefined) return set === 'ForAllValues' || ifExists !== undefined;
  if (set === 'ForAllValues') return list(actual).every(matches);
  if (set === 'ForAnyValue') return list(actual).some(matches);
  if (typeof actual !== 'string') throw new TypeError(`${key} has several values, and ${operator} takes one`);
  return matches(actual);
}

function list(values: Values): readonly string[] {
  return typeof values === 'string' ? [values] : values;
}
