/**
 * Building blocks for the schema of the YAML form. Each takes its documentation and the text that a message gives as
 * what is expected. Messages contain nothing of zod's own texts.
 */
import * as z from 'zod/mini';
import { asObject, type JsonObject } from '../../json.ts';
import { breach, keywordsOf, type Rule } from './rules.ts';

/** The documentation of a part in the published schema. With an `id`, the part becomes a definition. */
export interface PartDoc {
  readonly id?: string;
  readonly description: string;
  /** In words where the default is not a value. */
  readonly default?: string | boolean;
  readonly [keyword: string]: unknown;
}

/** Documentation by part, separate from zod's global registry, which other code may share. */
export const FORM_DOCS = z.registry<PartDoc>();

export function text(description: string, expected = 'use text', more: JsonObject = {}) {
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
  const error = 'use true or false without quotes';
  return z.boolean({ error }).register(FORM_DOCS, { description, default: false });
}

export function choice<const Values extends readonly [string, ...string[]]>(
  values: Values,
  description: string,
  more: { readonly default?: Values[number] } = {},
) {
  const last = values.at(-1);
  const error = values.length === 1 ? `use ${last}` : `use ${values.slice(0, -1).join(', ')} or ${last}`;
  return z.enum(values, { error }).register(FORM_DOCS, { description, ...more });
}

/** A list of text. @param most the largest number of elements, so that the work for a hostile list is bounded */
export function list(
  item: z.ZodMiniType<string>,
  { least, most }: { readonly least: 0 | 1; readonly most: number },
  description: string,
  expected: string,
) {
  return z
    .array(item, { error: expected })
    .check(
      z.minLength(least, { error: expected }),
      z.maxLength(most, { error: `use at most ${most} elements` }),
    )
    .register(FORM_DOCS, { description });
}

/** A map with fixed fields. Rules are checked even when fields are invalid, so that all problems are reported. */
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
    .strictObject(shape, { error: `use a map of ${Object.keys(shape).join(', ')}` })
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
