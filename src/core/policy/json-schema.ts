/** The published JSON Schema (draft 2020-12) of policy files, for editors and CI, and the fields of a rule. */
import * as z from 'zod/mini';
import { type FormField, fieldsOf } from '../annotations/form/form-fields.ts';
import { FORM_DOCS } from '../annotations/form/parts.ts';
import type { JsonObject } from '../json.ts';
import { POLICY } from './schema.ts';

/** The schema of a policy file. Editors apply it to YAML as well. */
export function policySchema(): JsonObject {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Policy of aws-secrets-injector',
    $ref: '#/$defs/policy',
    $defs: definitions(),
  };
}

/** The fields of a rule, for docs/guides/policy.md. */
export function ruleFields(): readonly FormField[] {
  return fieldsOf(definitions(), 'rule');
}

function definitions(): Readonly<Record<string, JsonObject>> {
  const registered = z.toJSONSchema(z.array(POLICY), { metadata: FORM_DOCS, target: 'draft-2020-12' });
  return (registered.$defs ?? {}) as Readonly<Record<string, JsonObject>>;
}
