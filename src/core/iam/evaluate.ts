/**
 * Whether policies allow a request (IAM User Guide, "Policy evaluation logic"). What cannot be decided stays undecided: a
 * condition on a key whose value is not known, and what the guide leaves open.
 */
import { allOf, anyOf, type Certainty, certain, not } from './certainty.ts';
import { meetsCondition } from './conditions.ts';
import { matchesResource, matchesText, readPattern } from './patterns.ts';
import type { Policy, PolicyPrincipal, PolicyStatement, Selector } from './read-policy.ts';
import type { RequestContext } from './request-context.ts';

export interface IamCall {
  readonly action: string;
  /** Undefined for trust policies, which have no resources. */
  readonly resource: string | undefined;
  readonly context: RequestContext;
  /** Whether a principal of a policy is the caller; for policies of resources and roles' trust. */
  readonly isCaller?: (principal: PolicyPrincipal) => Certainty;
}

export interface Effects {
  readonly allow: Certainty;
  readonly deny: Certainty;
  /** The condition keys that leave it open, and other reasons; a few of them. */
  readonly reasons: readonly string[];
}

const MOST_REASONS = 5;

/** The effects of policies on a request. The decision is not made here: permissions boundaries and others limit it. */
export function effectsOf(policies: readonly Policy[], call: IamCall): Effects {
  const reasons = new Set<string>();
  const found: Record<PolicyStatement['effect'], Certainty> = { Allow: 'no', Deny: 'no' };
  for (const policy of policies)
    for (const statement of policy.statements) {
      const applies = appliesTo(statement, policy, call);
      found[statement.effect] = anyOf([found[statement.effect], applies]);
      if (applies === 'unknown' && reasons.size < MOST_REASONS)
        for (const reason of openPoints(statement, policy, call)) reasons.add(reason);
    }
  return { allow: found.Allow, deny: found.Deny, reasons: [...reasons].slice(0, MOST_REASONS) };
}

/** Whether a statement applies to a request. */
export function appliesTo(
  statement: PolicyStatement,
  { hasVariables }: Pick<Policy, 'hasVariables'>,
  call: IamCall,
): Certainty {
  const isAction = matchesAction(statement, call.action);
  if (isAction === 'no') return 'no';
  const isResource = matchesResources(statement, hasVariables, call);
  if (isResource === 'no') return 'no';
  const isPrincipal = matchesPrincipal(statement, call);
  if (isPrincipal === 'no') return 'no';
  return allOf([isResource, isPrincipal, meetsConditions(statement, hasVariables, call.context)]);
}

/** Actions are compared without case. */
export function matchesAction({ actions }: Pick<PolicyStatement, 'actions'>, action: string): Certainty {
  const text = action.toLowerCase();
  const found = anyOf(
    actions.values.map((one) => {
      const pattern = readPattern(one.toLowerCase(), { variables: undefined, hasWildcards: true });
      return pattern === undefined ? 'no' : matchesText(pattern, text);
    }),
  );
  return selected(actions, found);
}

function matchesResources(
  { resources }: PolicyStatement,
  hasVariables: boolean,
  { resource, context }: IamCall,
): Certainty {
  if (resource === undefined) return certain(resources === undefined);
  if (resources === undefined) return 'no';
  const variables = hasVariables ? context : undefined;
  const found = anyOf(
    resources.values.map((one) => {
      const pattern = readPattern(one, { variables, hasWildcards: true });
      return pattern === undefined ? 'no' : matchesResource(pattern, resource);
    }),
  );
  return selected(resources, found);
}

function matchesPrincipal({ principals }: PolicyStatement, { isCaller }: IamCall): Certainty {
  if (isCaller === undefined) return certain(principals === undefined);
  if (principals === undefined) return 'no';
  return selected(principals, anyOf(principals.values.map(isCaller)));
}

function selected({ isExcluded }: Selector<unknown>, found: Certainty): Certainty {
  return isExcluded ? not(found) : found;
}

/** Whether a request meets all conditions of a statement. */
export function meetsConditions(
  { conditions }: PolicyStatement,
  hasVariables: boolean,
  context: RequestContext,
): Certainty {
  return allOf(conditions.map((one) => meetsCondition(one, context, hasVariables)));
}

function openPoints(
  { name, conditions }: PolicyStatement,
  { hasVariables }: Policy,
  { context }: IamCall,
): readonly string[] {
  const keys = conditions
    .filter((one) => meetsCondition(one, context, hasVariables) === 'unknown')
    .map(({ key }) => `a condition on ${key}`);
  return keys.length > 0 ? keys : [`the resources or principals of statement ${name}`];
}
