/** Every field of the YAML form, read from the schema for the reference page. */
import { asArray, asObject, type JsonObject, textField } from '../../json.ts';
import { formSchema } from './json-schema.ts';

export interface FormField {
  /** Relative to an entry: `env.<name>.default`. */
  readonly path: string;
  /** In words: `text`, `true or false`, `list of text`, `map`, the values of a choice, or several of these. */
  readonly type: string;
  readonly required: boolean;
  /** As written in YAML; undefined without a default. */
  readonly default: string | undefined;
  readonly doc: string;
}

/** The fields of an entry in the order of their definition; a map comes before its fields. */
export function formFields(): readonly FormField[] {
  return fieldsOf(formSchema().$defs, 'entry');
}

/** The fields of a definition of a JSON Schema. */
export function fieldsOf($defs: Readonly<Record<string, JsonObject>>, root: string): readonly FormField[] {
  const resolve = (schema: JsonObject): JsonObject => {
    const target = textField(schema, '$ref')?.replace('#/$defs/', '');
    // Keywords beside a reference are more specific than the definition.
    return target === undefined ? schema : { ...$defs[target], ...schema };
  };
  const branchesOf = (schema: JsonObject): readonly JsonObject[] =>
    (asArray(schema['anyOf']) ?? [schema]).map((branch) => resolve(asObject(branch) ?? {}));

  const typeOf = (schema: JsonObject): string => {
    const words = branchesOf(schema).map((branch) => {
      const values = asArray(branch['enum']);
      if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
      if (branch['const'] !== undefined) return `\`${branch['const']}\``;
      switch (branch['type']) {
        case 'array':
          return 'list of text';
        case 'boolean':
          return 'true or false';
        case 'object':
          return 'map';
        default:
          return 'text';
      }
    });
    return words.join(' or ');
  };

  const fields: FormField[] = [];
  const walk = (schema: JsonObject, above: string): void => {
    const required = new Set(asArray(schema['required']) ?? []);
    for (const [name, value] of Object.entries(asObject(schema['properties']) ?? {})) {
      const part = resolve(asObject(value) ?? {});
      const path = above === '' ? name : `${above}.${name}`;
      const standard = part['default'];
      fields.push({
        path,
        type: typeOf(part),
        required: required.has(name),
        default: standard === undefined ? undefined : standard === '' ? '""' : `${standard}`,
        doc: textField(part, 'description') ?? '',
      });
      for (const branch of branchesOf(part)) walk(branch, path);
      const values = asObject(part['additionalProperties']);
      for (const branch of values === undefined ? [] : branchesOf(values)) walk(branch, `${path}.<name>`);
    }
  };
  walk(asObject($defs[root]) ?? {}, '');
  return fields;
}
