/** The published JSON Schema is generated from the definitions, and an independent validator can use it. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { annotationsSchema, manifestSchema } from '../../../src/core/annotations/form/json-schema.ts';
import { FAMILIES, OPTIONS } from '../../../src/core/names/annotation-keys.ts';

const FILE = path.resolve(import.meta.dirname, '../../../schema/annotations.schema.json');
const MANIFEST_FILE = path.resolve(import.meta.dirname, '../../../schema/manifest.schema.json');

it('schema/annotations.schema.json is current (UPDATE_DOCS=1 writes it)', () => {
  const current = `${JSON.stringify(annotationsSchema(), null, 2)}\n`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, current);
  expect(readFileSync(FILE, 'utf8')).toBe(current);
});

it('schema/manifest.schema.json is current (UPDATE_DOCS=1 writes it)', () => {
  const current = `${JSON.stringify(manifestSchema(), null, 2)}\n`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(MANIFEST_FILE, current);
  expect(readFileSync(MANIFEST_FILE, 'utf8')).toBe(current);
});

describe('the schema of manifests', () => {
  const validator = new Ajv({ allErrors: true, strict: false });
  const isValid = validator.compile(manifestSchema());
  const known = { metadata: { annotations: { 'secrets-injector.dev/env.A': 'x', other: 'y' } } };
  const unknown = { metadata: { annotations: { 'secrets-injector.dev/envs.A': 'x' } } };
  const none = { metadata: { annotations: { other: 'y' } }, spec: { containers: [] } };
  it.each([
    ['a pod', { kind: 'Pod', ...known }, { kind: 'Pod', ...unknown }],
    [
      'a Deployment',
      { kind: 'Deployment', spec: { template: known } },
      { kind: 'Deployment', spec: { template: unknown } },
    ],
    [
      'a CronJob',
      { kind: 'CronJob', spec: { jobTemplate: { spec: { template: known } } } },
      { kind: 'CronJob', spec: { jobTemplate: { spec: { template: unknown } } } },
    ],
    ['a PodTemplate', { kind: 'PodTemplate', template: known }, { kind: 'PodTemplate', template: unknown }],
    [
      'a list',
      { kind: 'List', items: [none, { kind: 'Pod', ...known }] },
      { kind: 'List', items: [{ kind: 'Pod', ...unknown }] },
    ],
    [
      'a workload with annotations of its own',
      { kind: 'Deployment', ...none },
      { kind: 'Deployment', ...known },
    ],
    [
      'a rollout that is paused',
      { kind: 'Deployment', metadata: { annotations: { 'rollout.secrets-injector.dev/paused': 'true' } } },
      { kind: 'Deployment', ...unknown },
    ],
  ])('%s', (_name, right, wrong) => {
    expect([isValid(right), isValid(wrong)]).toEqual([true, false]);
  });
});

it('judges annotations as the webhook does', () => {
  const validator = new Ajv2020({ allErrors: true });
  const isValid = validator.compile(annotationsSchema());
  const judge = (key: string, value: unknown = 'x') => isValid({ [key]: value });
  const prefix = 'secrets-injector.dev/';
  for (const option of Object.keys(OPTIONS)) expect(judge(prefix + option), option).toBe(true);
  for (const family of Object.keys(FAMILIES)) expect(judge(`${prefix}${family}.NAME`), family).toBe(true);
  expect(judge(`${prefix}secrets`)).toBe(true);
  expect(judge('other.example/env.X', 5)).toBe(true);
  expect(judge('secrets-injectorXdev/y')).toBe(true);
  for (const wrong of ['env', 'envs.A', 'secret', 'mount-paths', 'Inject', '', 'secretsX', 'x.secret.y'])
    expect(judge(prefix + wrong), wrong).toBe(false);
  for (const key of ['env.A', 'secrets', 'inject']) expect(judge(prefix + key, true), key).toBe(false);
});

it('describes every annotation, and every field of the form', () => {
  const undescribed: string[] = [];
  const walk = (node: unknown, at: string): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      if (name === 'properties' && !/\/not$/.test(at)) {
        for (const [field, schema] of Object.entries(child as Record<string, object>))
          if (!('description' in schema) && !('$ref' in schema)) undescribed.push(`${at}/${field}`);
      }
      walk(child, `${at}/${name}`);
    }
  };
  walk(annotationsSchema(), '');
  expect(undescribed).toEqual([]);
});
