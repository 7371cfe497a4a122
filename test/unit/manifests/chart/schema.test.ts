/** The values schema of the chart: generated parts, descriptions, and agreement with values.yaml and the settings. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { JsonObject } from '../../../../src/core/json.ts';
import { ROLLOUT_SETTINGS } from '../../../../src/rollout/settings.ts';
import { variableName } from '../../../../src/runtime/settings/settings.ts';
import { WEBHOOK_SETTINGS } from '../../../../src/webhook/settings.ts';
import { MANIFESTS } from '../manifest-files.ts';
import {
  policyDefinitions,
  rolloutSettingsSchema,
  SET_ELSEWHERE,
  settingsSchema,
  valueName,
} from './settings-schema.ts';

const CHART = path.join(MANIFESTS, 'chart');
const FILE = path.join(CHART, 'values.schema.json');
const read = (name: string) => readFileSync(path.join(CHART, name), 'utf8');

it('the generated parts of values.schema.json are current (UPDATE_MANIFESTS=1 writes them)', () => {
  const text = readFileSync(FILE, 'utf8');
  const schema = JSON.parse(text) as JsonObject;
  const definitions = {
    settings: settingsSchema(WEBHOOK_SETTINGS),
    rolloutSettings: rolloutSettingsSchema(ROLLOUT_SETTINGS),
    ...policyDefinitions(),
  };
  const current = `${JSON.stringify({ ...schema, definitions }, null, 2)}\n`;
  if (process.env['UPDATE_MANIFESTS'] === '1') writeFileSync(FILE, current);
  else expect(text).toBe(current);
});

it('every setting is a value, or another value sets it', () => {
  const { properties } = settingsSchema(WEBHOOK_SETTINGS);
  const names = Object.keys(WEBHOOK_SETTINGS);
  expect(Object.keys(SET_ELSEWHERE).filter((name) => !names.includes(name))).toEqual([]);
  expect(Object.keys(properties as object)).toEqual(
    names.filter((name) => !(name in SET_ELSEWHERE)).map(valueName),
  );
  // What the template makes of the name of a value.
  for (const name of names) {
    const snake = valueName(name).replace(/[A-Z]/g, (letter) => `_${letter}`);
    expect(`SECRETS_INJECTOR_${snake.toUpperCase()}`).toBe(variableName(name));
  }
});

it('every value has a description, and every object with known fields rejects others', () => {
  const wrong: string[] = [];
  const visit = (schema: JsonObject, where: string): void => {
    if (!('$ref' in schema) && where !== '' && typeof schema['description'] !== 'string')
      wrong.push(`${where} has no description`);
    const { properties } = schema as { properties?: Record<string, JsonObject> };
    if (properties === undefined) return;
    if (schema['additionalProperties'] !== false) wrong.push(`${where} accepts unknown fields`);
    for (const [name, field] of Object.entries(properties)) visit(field, `${where}/${name}`);
  };
  const schema = JSON.parse(read('values.schema.json'));
  visit(schema, '');
  for (const [name, definition] of Object.entries(schema.definitions)) visit(definition as JsonObject, name);
  expect(wrong).toEqual([]);
});

it('values.yaml sets every value of the schema, except those for parent charts', () => {
  const missing: string[] = [];
  const visit = (
    { properties = {} }: { properties?: Record<string, object> },
    value: unknown,
    where: string,
  ) => {
    for (const [name, field] of Object.entries(properties)) {
      const set = (value as Record<string, unknown>)[name];
      if (set === undefined) missing.push(`${where}${name}`);
      else if (!isEmpty(set)) visit(field, set, `${where}${name}.`);
    }
  };
  visit(JSON.parse(read('values.schema.json')), parse(read('values.yaml')), '');
  expect(missing).toEqual(['global', 'enabled']);
});

function isEmpty(value: unknown): boolean {
  return typeof value !== 'object' || value === null || Object.keys(value).length === 0;
}

it('the versions of the chart are that of the project', () => {
  const { version, appVersion } = parse(read('Chart.yaml'));
  expect([version, appVersion]).toEqual([packageJson.version, packageJson.version]);
});
