/** Rules between the fields of one object. A rule is data: validation and the published JSON Schema are made from it. */
import { asArray, type JsonObject } from '../../json.ts';
import type { AdmissionCode } from '../../problems/admission-codes.ts';
import { quote } from '../../problems/quote.ts';

export type Rule =
  /** Both fields together are invalid; with `is`, only when the second field has that value. */
  | {
      readonly kind: 'conflict';
      readonly fields: readonly [string, string];
      readonly is?: false;
      readonly code?: AdmissionCode;
      readonly expected: string;
    }
  /** The first field needs the second. */
  | { readonly kind: 'needs'; readonly fields: readonly [string, string]; readonly expected: string }
  /** At least one of the fields is needed. */
  | { readonly kind: 'some'; readonly fields: readonly string[]; readonly expected: string }
  /** Two lists have no element in common. JSON Schema cannot express this. */
  | { readonly kind: 'disjoint'; readonly fields: readonly [string, string]; readonly expected: string };

/** One conflict of a field with each of several others. */
export function conflicts(field: string, others: readonly string[], expected: string): readonly Rule[] {
  return others.map((other) => ({ kind: 'conflict', fields: [field, other], expected }));
}

/** How an object breaks a rule, or undefined. Fields that are invalid themselves count as well. */
export function breach(rule: Rule, object: JsonObject): string | undefined {
  const has = (field: string | undefined): boolean => field !== undefined && object[field] !== undefined;
  const [first, second] = rule.fields;
  switch (rule.kind) {
    case 'conflict': {
      if (!has(first) || !has(second)) return undefined;
      if (rule.is === undefined) return `the map has both ${first} and ${second}`;
      return object[second ?? ''] === rule.is
        ? `the map has ${first} together with ${second}: ${rule.is}`
        : undefined;
    }
    case 'needs':
      return has(first) && !has(second) ? `the map has ${first} without ${second}` : undefined;
    case 'some':
      return rule.fields.some(has) ? undefined : `the map has none of ${rule.fields.join(', ')}`;
    case 'disjoint': {
      const others = new Set(asArray(object[second]) ?? []);
      const both = (asArray(object[first]) ?? []).find((name) => others.has(name));
      return typeof both === 'string' ? `both ${first} and ${second} contain ${quote(both)}` : undefined;
    }
  }
}

/** The keywords of JSON Schema that express the rules. */
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
