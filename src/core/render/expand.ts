/** Every key of a secret, or those that an entry wants. */
import { matcher } from '../names/key-patterns.ts';
import { mayBeAbsent, type PlanDirectory, type PlanVariables } from '../plan/plan.ts';
import type { SecretMembers } from '../secret/secret-json.ts';
import type { Place, Values } from './values.ts';

/**
 * The members that an entry takes, in the secret's order.
 * @returns nothing if the secret is absent or a problem was told
 */
export function spread(
  entry: PlanVariables | PlanDirectory,
  place: Place,
  values: Values,
): readonly (readonly [key: string, text: string])[] {
  const whole = values.wholeOf(entry);
  const members = whole === undefined ? undefined : values.membersOf(whole, place);
  if (members === undefined) return [];
  const isOptional = mayBeAbsent(entry);
  const include = 'include' in entry ? entry.include : undefined;
  if (!isOptional) complainOfMissing(include ?? [], members, place, values);
  const isIncluded = include === undefined ? () => true : (key: string) => include.includes(key);
  const isExcluded = matcher(entry.exclude ?? []);
  const taken: (readonly [string, string])[] = [];
  for (const [key, text] of members) {
    if (!isIncluded(key) || isExcluded(key)) continue;
    if (text !== null) taken.push([key, text]);
    else if (!isOptional) values.complainOfNull(key, place);
  }
  return taken;
}

function complainOfMissing(
  include: readonly string[],
  members: SecretMembers,
  place: Place,
  values: Values,
): void {
  for (const key of include) if (!members.has(key)) values.complainOfMissing(key, place);
}
