/**
 * Parts that the schema of the YAML form is built from. Each takes its documentation, and the `error` text: what
 * a message expects of the user. Nothing of zod's own is shown.
 */
import * as z from 'zod/mini';
import { asObject, type JsonObject } from '../../json.ts';
import { breach, keywordsOf, type Rule } from './rules.ts';

/** What the published schema says of a part beyond its shape. `id` makes it a definition of its own. */
export interface PartDoc {
  readonly id?: string;
  readonly description: string;
  /** In plain words where it is no value. */
  readonly default?: string | boolean;
  readonly [keyword: string]: unknown;
}

/** Documentation by part; kept apart from zod's global registry, which other code may share. */
export const FORM_DOCS = z.registry<PartDoc>();

export function text(description: string, expected = 'write text', more: JsonObject = {}) {
  return z
    .string({ error: expected })
    .check(z.minLength(1, { error: expected }))
    .register(FORM_DOCS, { description, ...more });
}

export function pattern(regex: RegExp, description: string, expected: string, more: JsonObject = {}) {
  return z
    .string({ error: expected })
    .check(z.regex(regex, { error: expected }))
    .register(FORM_DOCS, { description, ...more });
}

export function flag(description: string) {
  const error = 'write true or false, without quotes';
  return z.boolean({ error }).register(FORM_DOCS, { description, default: false });
}

export function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
  description: string,
  more: { readonly default?: Values[number] } = {},
) {
  const last = values.at(-1);
  const error = values.length === 1 ? `write ${last}` : `write ${values.slice(0, -1).join(', ')} or ${last}`;
  return z.enum(values, { error }).register(FORM_DOCS, { description, ...more });
}

export function list(item: z.ZodMiniType<string>, least: 0 | 1, description: string, expected: string) {
  return z
    .array(item, { error: expected })
    .check(z.minLength(least, { error: expected }))
    .register(FORM_DOCS, { description });
}

/** A map with fixed fields. Rules are looked at even when fields are invalid: all problems show at once. */
export function fields<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  rules: readonly Rule[],
  doc: PartDoc,
) {
  const checks = rules.map((rule) =>
    z.refine((value: unknown) => breach(rule, asObject(value) ?? {}) === undefined, {
      error: rule.expected,
      params: { rule },
      when: (payload) => asObject(payload.value) !== undefined,
    }),
  );
  return z
    .strictObject(shape, { error: `write a map of ${Object.keys(shape).join(', ')}` })
    .check(...checks)
    .register(FORM_DOCS, { ...doc, ...keywordsOf(rules) });
}

/** A map from names that the user chooses. */
export function named<Value extends z.core.$ZodType>(value: Value, description: string, expected: string) {
  const some = z.refine((map: unknown) => Object.keys(asObject(map) ?? {}).length > 0, { error: expected });
  return z
    .record(z.string(), value, { error: expected })
    .check(some)
    .register(FORM_DOCS, { description, minProperties: 1 });
}
