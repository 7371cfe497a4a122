/** docs/reference/chart.md is generated from the values schema and values.yaml of the chart. */
import { it } from 'vitest';
import { parse } from 'yaml';
import { asArray, asObject, field, type JsonObject } from '../../../src/core/json.ts';
import { SET_ELSEWHERE } from '../manifests/chart/settings-schema.ts';
import { code, expectParts, readPage, table } from './page.ts';

const schema = JSON.parse(readPage('manifests/chart/values.schema.json')) as JsonObject;
const values: unknown = parse(readPage('manifests/chart/values.yaml'));

/** Rows for the leaves of an object: path, default, description. */
function rows(object: unknown, defaults: unknown, path = ''): readonly (readonly string[])[] {
  return Object.entries(asObject(field(object, 'properties')) ?? {}).flatMap(([name, value]) => {
    const where = `${path}${name}`;
    if (['global', 'enabled', 'settings', 'rollout.settings'].includes(where)) return [];
    const inner = field(value, 'properties');
    const set = field(defaults, name);
    if (inner !== undefined && !isEmptyObject(set)) return rows(value, set, `${where}.`);
    return [[code(where), code(JSON.stringify(set)), String(field(value, 'description'))]];
  });
}

function isEmptyObject(value: unknown): boolean {
  return asObject(value) !== undefined && Object.keys(value as object).length === 0;
}

/** @param path of the value with the settings */
function settings(definition: string, path: string): readonly (readonly string[])[] {
  const properties = asObject(field(field(field(schema, 'definitions'), definition), 'properties')) ?? {};
  return Object.entries(properties).map(([name, setting]) => [
    code(`${path}.${name}`),
    typeOf(setting),
    String(field(setting, 'description')),
  ]);
}

function typeOf(setting: unknown): string {
  const words = asArray(field(setting, 'enum'));
  if (words !== undefined) return words.map((word) => code(String(word))).join(', ');
  const type = field(setting, 'type');
  if (type === 'array') return 'list of strings';
  return asArray(type)?.join(' or ') ?? String(type);
}

it('docs/reference/chart.md is current', () => {
  expectParts('docs/reference/chart.md', {
    values: table(['value', 'default', 'meaning'], rows(schema, values)),
    settings: table(['value', 'type', 'meaning'], settings('settings', 'settings')),
    elsewhere: table(
      ['setting', 'value'],
      Object.entries(SET_ELSEWHERE).map(([name, value]) => [
        code(name),
        /^[\w.]+$/.test(value) && value !== 'fixed' ? code(value) : value,
      ]),
    ),
    'rollout-settings': table(['value', 'type', 'meaning'], settings('rolloutSettings', 'rollout.settings')),
  });
});
