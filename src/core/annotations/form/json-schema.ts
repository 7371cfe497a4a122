/**
 * The published JSON Schema (draft 2020-12) of a pod's annotations, for editors and CI, made from the webhook's own
 * tables. The YAML form is in a string, which `contentSchema` describes: validators ignore that keyword by default,
 * editors use it, and `#/$defs/entries` can be used on its own.
 */
import * as z from 'zod/mini';
import type { JsonObject } from '../../json.ts';
import { FAMILIES, OPTIONS } from '../../names/annotation-keys.ts';
import { SECRETS } from '../../names/form-subject.ts';
import { PREFIX } from '../../names/prefix.ts';
import { FORM_DOCS } from './parts.ts';
import { ENTRIES } from './schema.ts';

/** The schema of the content of the YAML form: a `$ref` and its definitions. */
export interface FormSchema {
  readonly $ref: string;
  readonly $defs: Readonly<Record<string, JsonObject>>;
}

/** The schema of the list of entries, with every definition under `$defs`. */
export function formSchema(): FormSchema {
  const registered = z.toJSONSchema(z.array(ENTRIES), { metadata: FORM_DOCS, target: 'draft-2020-12' });
  return { $ref: '#/$defs/entries', $defs: (registered.$defs ?? {}) as Readonly<Record<string, JsonObject>> };
}

/** The schema of `metadata.annotations` of a pod or pod template. */
export function annotationsSchema(): JsonObject {
  const { $ref, $defs } = formSchema();
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Annotations of aws-secrets-injector',
    description: 'metadata.annotations of a pod or pod template.',
    type: 'object',
    properties: {
      ...Object.fromEntries(
        Object.entries(OPTIONS).map(([option, { default: standard, doc }]) => [
          `${PREFIX}${option}`,
          { type: 'string', description: `${sentence(doc)} Default: ${standard}.` },
        ]),
      ),
      [SECRETS]: {
        type: 'string',
        description: 'The YAML form: a list of secrets and their uses.',
        contentMediaType: 'application/yaml',
        contentSchema: { $ref },
      },
    },
    patternProperties: Object.fromEntries(
      Object.entries(FAMILIES).map(([family, doc]) => [
        `^${pattern(`${PREFIX}${family}.`)}`,
        { type: 'string', description: sentence(doc) },
      ]),
    ),
    // Other keys under the prefix are rejected. No look-ahead: not every validator supports it in patterns.
    propertyNames: {
      anyOf: [
        { not: { pattern: `^${pattern(PREFIX)}` } },
        { pattern: `^${pattern(PREFIX)}(?:${Object.keys(FAMILIES).join('|')})\\.` },
        { enum: [...Object.keys(OPTIONS).map((option) => `${PREFIX}${option}`), SECRETS] },
      ],
    },
    $defs,
  };
}

/**
 * The schema of a manifest, for editors: where its pods are, they have the annotations; elsewhere, the annotations are
 * misplaced. The schema says nothing about other fields. Editors know draft 7 best.
 */
export function manifestSchema(): JsonObject {
  const { $schema: _, title: __, $defs, ...annotations } = annotationsSchema();
  const form = (annotations['properties'] as Readonly<Record<string, JsonObject>>)[SECRETS];
  const template = { $ref: '#/$defs/podTemplate' };
  const within = (...names: readonly string[]): JsonObject =>
    names.reduceRight<JsonObject>((inner, name) => ({ properties: { [name]: inner } }), template);
  const misplaced = { propertyNames: { not: { pattern: `^${pattern(PREFIX)}` } } };
  const metadata = (content: JsonObject): JsonObject => ({
    properties: { metadata: { properties: { annotations: content } } },
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Kubernetes manifests with annotations of aws-secrets-injector',
    type: ['object', 'null'],
    properties: {
      spec: { properties: { template, jobTemplate: within('spec', 'template') } },
      template,
      items: { type: 'array', items: { $ref: '#' } },
    },
    if: { properties: { kind: { const: 'Pod' } }, required: ['kind'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: metadata({ $ref: '#/$defs/annotations' }),
    else: metadata(misplaced),
    $defs: {
      podTemplate: metadata({ $ref: '#/$defs/annotations' }),
      annotations: {
        ...annotations,
        properties: {
          ...(annotations['properties'] as JsonObject),
          // JetBrains IDEs then treat the text of the string as YAML.
          [SECRETS]: { ...form, 'x-intellij-language-injection': 'yaml' },
        },
      },
      ...($defs as JsonObject),
    },
  };
}

function sentence(doc: string): string {
  return `${doc.charAt(0).toUpperCase()}${doc.slice(1)}.`;
}

function pattern(text: string): string {
  return text.replace(/[.\\]/g, '\\$&');
}
