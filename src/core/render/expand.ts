/** Expands a secret into its keys: all of them, or those that an entry includes. */
import { matcher } from '../names/key-patterns.ts';
import { mayBeAbsent, type PlanDirectory, type PlanVariables } from '../plan/plan.ts';
import type { SecretMembers } from '../secret/secret-json.ts';
import type { Place, Values } from './values.ts';

/**
 * The keys of an entry with their text, in the order of the secret.
 * @returns nothing if the secret is missing or a problem was added
 */
export function expand(
  entry: PlanVariables | PlanDirectory,
  place: Place,
  values: Values,
): readonly (readonly [key: string, text: string])[] {
  const whole = values.wholeOf(entry);
  const members = whole === undefined ? undefined : values.membersOf(whole, place);
  if (members === undefined) return [];
  const isOptional = mayBeAbsent(entry);
  const include = 'include' in entry ? entry.include : undefined;
  if (!isOptional) addMissing(include ?? [], members, place, values);
  const included = include === undefined ? undefined : new Set(include);
  const isExcluded = matcher(entry.exclude ?? []);
  const expanded: (readonly [string, string])[] = [];
  for (const [key, text] of members) {
    if (included?.has(key) === false || isExcluded(key)) continue;
    if (text !== null) expanded.push([key, text]);
    else if (!isOptional) values.addNull(key, place);
  }
  return expanded;
}

function addMissing(include: readonly string[], members: SecretMembers, place: Place, values: Values): void {
  for (const key of include) if (!members.has(key)) values.addMissing(key, place);
}
