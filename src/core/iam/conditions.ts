/** Evaluates conditions of statements (IAM User Guide, "Condition operators" and "Multivalued context keys"). */
import { allOf, anyOf, type Certainty, certain, not } from './certainty.ts';
import { matchesArn, matchesText, type Pattern, readPattern } from './patterns.ts';
import type { PolicyCondition } from './read-policy.ts';
import type { RequestContext } from './request-context.ts';

interface Comparison {
  readonly hasWildcards: boolean;
  readonly ignoresCase?: true;
  compare(pattern: Pattern, value: string): Certainty;
}

const EQUALS: Comparison = {
  hasWildcards: false,
  compare: (pattern, value) =>
    pattern.isExact ? certain(pattern.marked === value) : matchesText(pattern, value),
};
const LIKE: Comparison = { hasWildcards: true, compare: matchesText };
const ARN: Comparison = { hasWildcards: true, compare: matchesArn };
const IGNORING_CASE: Comparison = { ...EQUALS, ignoresCase: true };

/** Without numbers, dates and addresses: the requests of pods have no such keys whose values are known here. */
const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ['stringequals', EQUALS],
  ['stringequalsignorecase', IGNORING_CASE],
  ['stringlike', LIKE],
  ['arnequals', ARN],
  ['arnlike', ARN],
  ['bool', IGNORING_CASE],
]);

/**
 * Whether a request meets a condition.
 * @param hasVariables whether values can contain policy variables
 */
export function meetsCondition(
  { operator, key, values }: PolicyCondition,
  context: RequestContext,
  hasVariables: boolean,
): Certainty {
  const actual = context.get(key);
  const lower = operator.toLowerCase();
  if (lower === 'null') return isNull(actual, values);
  const [, set, name = '', ifExists] =
    /^(?:(foranyvalue|forallvalues):)?([a-z]+?)(ifexists)?$/.exec(lower) ?? [];
  const isNegated = /^(?:string|arn|numeric|date)not|^notipaddress$/.test(name);
  if (actual === 'unknown') return 'unknown';
  if (actual === 'absent')
    return certain(set === 'forallvalues' || (set === undefined && (ifExists !== undefined || isNegated)));
  const comparison = COMPARISONS.get(name.replace('not', ''));
  if (comparison === undefined) return 'unknown';
  const patterns = values.map((one) =>
    readPattern(comparison.ignoresCase === true ? one.toLowerCase() : one, {
      variables: hasVariables ? context : undefined,
      hasWildcards: comparison.hasWildcards,
    }),
  );
  const meets = (value: string) => {
    const text = comparison.ignoresCase === true ? value.toLowerCase() : value;
    const found = anyOf(patterns.map((one) => (one === undefined ? 'no' : comparison.compare(one, text))));
    return isNegated ? not(found) : found;
  };
  if (set === 'forallvalues') return allOf(actual.map(meets));
  if (set === 'foranyvalue') return anyOf(actual.map(meets));
  const [only, ...others] = actual;
  return only === undefined || others.length > 0 ? 'unknown' : meets(only);
}

function isNull(actual: ReturnType<RequestContext['get']>, values: readonly string[]): Certainty {
  if (actual === 'unknown') return 'unknown';
  return certain(values.some((value) => (value.toLowerCase() === 'true') === (actual === 'absent')));
}
