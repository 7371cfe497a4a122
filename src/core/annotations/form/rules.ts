/**
 * What fields of one object say about each other. A rule is data: validation and the published JSON Schema are
 * made from the same one.
 */
import { asArray, type JsonObject } from '../../json.ts';
import type { AdmissionCode } from '../../problems/admission-codes.ts';
import { quote } from '../../problems/quote.ts';

export type Rule =
  /** Both fields together are refused; with `is`, only when the second one has that value. */
  | {
      readonly kind: 'conflict';
      readonly fields: readonly [string, string];
      readonly is?: false;
      readonly code?: AdmissionCode;
      readonly expected: string;
    }
  /** The first field means something only beside the second. */
  | { readonly kind: 'needs'; readonly fields: readonly [string, string]; readonly expected: string }
  /** At least one of the fields. */
  | { readonly kind: 'some'; readonly fields: readonly string[]; readonly expected: string }
  /** Two lists name nothing in common. No JSON Schema can say this. */
  | { readonly kind: 'disjoint'; readonly fields: readonly [string, string]; readonly expected: string };

/** One conflict of a field with each of several others. */
export function conflicts(field: string, others: readonly string[], expected: string): readonly Rule[] {
  return others.map((other) => ({ kind: 'conflict', fields: [field, other], expected }));
}

/** Why an object breaks a rule, or undefined. Fields are looked at as they are, even if invalid themselves. */
export function breach(rule: Rule, object: JsonObject): string | undefined {
  const has = (field: string | undefined): boolean => field !== undefined && object[field] !== undefined;
  const [first, second] = rule.fields;
  switch (rule.kind) {
    case 'conflict': {
      if (!has(first) || !has(second)) return undefined;
      if (rule.is === undefined) return `holds both ${first} and ${second}`;
      return object[second ?? ''] === rule.is ? `holds ${first}, and ${second}: ${rule.is}` : undefined;
    }
    case 'needs':
      return has(first) && !has(second) ? `holds ${first} without ${second}` : undefined;
    case 'some':
      return rule.fields.some(has) ? undefined : `holds none of ${rule.fields.join(', ')}`;
    case 'disjoint': {
      const others = new Set(asArray(object[second]) ?? []);
      const both = (asArray(object[first]) ?? []).find((name) => others.has(name));
      return typeof both === 'string' ? `${first} and ${second} both name ${quote(both)}` : undefined;
    }
  }
}

/** The keywords of JSON Schema that say the same as the rules. */
export function keywordsOf(rules: readonly Rule[]): JsonObject {
  const all = rules.map(keywordOf).filter((keyword) => keyword !== undefined);
  return all.length === 0 ? {} : { allOf: all };
}

function keywordOf(rule: Rule): JsonObject | undefined {
  const [first, second] = rule.fields;
  switch (rule.kind) {
    case 'conflict': {
      const value = rule.is === undefined ? {} : { properties: { [second]: { const: rule.is } } };
      return { not: { required: [...rule.fields], ...value } };
    }
    case 'needs':
      return { dependentRequired: { [first]: [second] } };
    case 'some':
      return { anyOf: rule.fields.map((field) => ({ required: [field] })) };
    case 'disjoint':
      return undefined;
  }
}
