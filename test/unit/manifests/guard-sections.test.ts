/** The lists in CEL expressions that follow from tables in src/core. */
import { expect, it } from 'vitest';
import { FETCHER_NAME } from '../../../src/core/additions/injected-objects.ts';
import { NEVER_IN_PROBES, SIDECAR_FIELDS, sidecarFields } from '../../../src/core/additions/sidecar.ts';
import { NEVER_SET } from '../../../src/core/decide/altered.ts';
import { asArray, asObject, field } from '../../../src/core/json.ts';
import { MAX_VIEWS } from '../../../src/core/limits.ts';
import { FAMILIES, type Family, FORM, OPTIONS } from '../../../src/core/names/annotation-keys.ts';
import { INJECTED_PATHS } from '../../../src/core/names/injected-paths.ts';
import { NAMESPACE_LABEL, NEAR_DOMAINS, PREFIX } from '../../../src/core/names/prefix.ts';
import { namesAndPrefixes } from '../../../src/core/names/steering-variables.ts';
import { PLAN_VARIABLE } from '../../../src/core/plan/plan.ts';
import {
  CHECK_COMMAND,
  EARLIER_CHECK_COMMAND,
  EARLIER_FETCH_COMMAND,
  FETCH_COMMAND,
} from '../../../src/core/settings.ts';
import { GUARDED_VARIABLES } from './guarded-variables.ts';
import { expectSections } from './sections.ts';

/** A family whose annotations request something. */
type Requesting = Exclude<Family, 'secret'>;

/** The first member of the object that an annotation of each family becomes in the plan. */
const FIRST_MEMBERS: Readonly<Record<Requesting, string>> = {
  env: 'name',
  'env-from': 'id',
  file: 'path',
  'file-from': 'directory',
};

const requesting = Object.keys(FAMILIES).filter((family): family is Requesting => family !== 'secret');

it('the webhook and the guard know every key that requests nothing', () => {
  expectSections('base/mutating-webhook-configuration.yaml', {
    'requests-secrets': anchored('requests-secrets', requestingPods()),
  });
  for (const file of [
    'components/second-pass/registration/mutating-webhook-configuration.yaml',
    'base/guard/not-opted-in.yaml',
    'chart/templates/registrations.yaml',
  ])
    expectSections(file, { 'requests-secrets': requestingPods() });
});

it('the guard knows every family, the largest number of views and the commands', () => {
  expectSections('base/guard/injected.yaml', {
    'requests-secrets': requestingPods(),
    indices: indices(),
    commands: commands(),
  });
  expectSections('base/guard/containers.yaml', {
    'never-set': neverSet(),
    sidecar: sidecar(),
    'injected-paths': injectedPaths(),
  });
  expectSections('base/guard/image.yaml', { 'refused-variables': refusedVariables() });
  expectSections('base/guard/plan.yaml', {
    'requests-secrets': requestingPods(),
    references: references(),
  });
});

it('the guard knows every domain that is nearly that of the prefix', () => {
  expectSections('base/guard/near-prefixes.yaml', { 'near-prefixes': nearPrefixes() });
});

const ANY_ANNOTATION = ['has(object.metadata.annotations)', '&& object.metadata.annotations.exists(k,'];

/**
 * Aliases and options request nothing by themselves. Every other key does, even an unknown one, so that a typo is rejected
 * instead of ignored; and so does a key whose prefix has another case, which the API server keeps.
 */
const REQUESTS = [
  `k.lowerAscii().startsWith('${PREFIX}')`,
  `&& !k.startsWith('${PREFIX}secret.')`,
  '&& !(k in [',
];
const QUIET = [NAMESPACE_LABEL, ...Object.keys(OPTIONS).map((option) => PREFIX + option)];

function requestingPods(): string {
  return item('requests-secrets', [...ANY_ANNOTATION, ...REQUESTS, ...listed(QUIET, ']))')]);
}

function indices(): string {
  const numbers = Array.from({ length: MAX_VIEWS }, (_, index) => index);
  return item('indices', [`[${numbers.join(', ')}].filter(i, i < variables.views.size())`]);
}

function commands(): string {
  const literal = (command: readonly string[]) => `[${command.map((part) => `'${part}'`).join(', ')}]`;
  const literals = (...known: readonly (readonly string[])[]) => [`[${known.map(literal).join(', ')}]`];
  return [
    item('fetchCommands', literals(FETCH_COMMAND, EARLIER_FETCH_COMMAND)),
    item('checkCommands', literals(CHECK_COMMAND, EARLIER_CHECK_COMMAND)),
  ].join('\n');
}

function neverSet(): string {
  return item('foreignFields', [
    'variables.injected.map(c, [',
    ...listed(NEVER_SET, '].filter(f, f in c'),
    `&& !(c.name == '${FETCHER_NAME}' && f in [${SIDECAR_FIELDS.map((name) => `'${name}'`).join(', ')}]))`,
    ".map(f, c.name + ' ' + f)",
    "+ (has(c.terminationMessagePath) && c.terminationMessagePath != '/dev/termination-log'",
    "? [c.name + ' terminationMessagePath'] : []))",
  ]);
}

/** The fields of a fetcher with refresh that are not as the injector writes them. */
function sidecar(): string {
  const base = { version: 1, secrets: [], views: [] } as const;
  // The difference of two plans shows what depends on the deadline of the fetcher.
  const [fields, later] = [0, 1].map((timeoutSeconds) =>
    sidecarFields({ ...base, timeoutSeconds, refresh: { seconds: 30, check: 'value', required: true } }),
  );
  const margin = asObject(fields?.startupProbe)?.['failureThreshold'];
  if (typeof margin !== 'number') throw new TypeError('the startup probe has a threshold');
  expect(later).toEqual({
    ...fields,
    startupProbe: { ...asObject(fields?.startupProbe), failureThreshold: margin + 1 },
  });
  const entries = SIDECAR_FIELDS.map((name) => [name, fields?.[name]] as const);
  return [
    item('deadlines', [
      'variables.fetcher.map(c, has(c.env) ? c.env.filter(e, e.name == ' +
        `'${PLAN_VARIABLE}' && has(e.value)`,
      `&& e.value.matches('^[{]"version":[0-9]+,"timeoutSeconds":[0-9]{1,4},')).map(e,`,
      `int(e.value.split('"timeoutSeconds":')[1].split(',')[0]) + ${margin}) : [])`,
    ]),
    item('otherFields', [
      'variables.fetcher.map(c, [',
      ...entries.map(([name, value], index) => {
        const isOther = typeof value === 'string' ? `c.${name} != '${value}'` : otherProbe(name, value);
        return `has(c.${name}) && ${isOther} ? '${name}' : ''${index < entries.length - 1 ? ',' : ''}`;
      }),
      "].filter(f, f != ''))",
    ]),
  ].join('\n');
}

/** Whether a probe differs from one that the injector writes. The API server sets numbers that are missing. */
function otherProbe(name: string, value: unknown): string {
  const { exec, ...numbers } = asObject(value) ?? {};
  const command = (asArray(field(exec, 'command')) ?? []).map((part) => `'${String(part)}'`).join(', ');
  const compared = Object.entries(numbers).map(([key, number]) =>
    name === 'startupProbe' && key === 'failureThreshold'
      ? `c.${name}.${key} in variables.deadlines[0]`
      : `c.${name}.${key} == ${String(number)}`,
  );
  return [
    `!(has(c.${name}.exec) && has(c.${name}.exec.command)`,
    `&& c.${name}.exec.command == [${command}]`,
    ...[...compared, `c.${name}.successThreshold == 1`].map((one) => `&& ${one}`),
    `&& !(has(c.${name}.initialDelaySeconds) && c.${name}.initialDelaySeconds != 0)`,
    ...NEVER_IN_PROBES.map((key) => `&& !has(c.${name}.${key})`),
  ]
    .join('\n    ')
    .concat(')');
}

function injectedPaths(): string {
  return item('own', ['[', ...listed(INJECTED_PATHS, ']')]);
}

function refusedVariables(): string {
  const { names, prefixes } = namesAndPrefixes(GUARDED_VARIABLES);
  return item('refused', [
    'variables.injected.map(c, has(c.env) ? c.env.filter(e, (e.name in [',
    ...listed(names, ']'),
    ...prefixes.map((prefix) => `|| e.name.startsWith('${prefix}')`),
    ") && !(has(e.value) && (e.name + '=' + e.value) in variables.operator)).map(e, c.name + ' ' + e.name) : [])",
  ]);
}

/** By objects, the keys of annotations below a domain that is nearly that of the prefix. */
function nearPrefixes(): string {
  return item('near', [
    'variables.metadata.map(m, has(m.annotations) ? m.annotations.filter(k,',
    "k.contains('/') && k.lowerAscii().split('/')[0] in [",
    ...listed(NEAR_DOMAINS, ']) : [])'),
  ]);
}

/** The references of the plan, the keys of short annotations that contain one, and keys that do not exist. */
function references(): string {
  const planned = requesting.map(
    (family) =>
      `variables.text.split('{"${FIRST_MEMBERS[family]}":"').filter(p, !p.startsWith('{')).map(p, '${family}.' + p.split('}')[0])`,
  );
  const keys = requesting.map((family) => `k.startsWith('${PREFIX}${family}.')`);
  return [
    item('planned', joined(planned, '+ ')),
    item('short', ['variables.annotations.filter(k,', ...joined(keys, '|| '), ')']),
    item('unknown', [
      'variables.annotations.filter(k,',
      ...REQUESTS,
      ...listed([...QUIET, PREFIX + FORM], ']))'),
      '.filter(k, !(k in variables.short))',
    ]),
  ].join('\n');
}

function listed(keys: readonly string[], end: string): readonly string[] {
  return keys.map((key, index) => `'${key}'${index < keys.length - 1 ? ',' : end}`);
}

function joined(lines: readonly string[], operator: string): readonly string[] {
  return lines.map((line, index) => (index === 0 ? line : operator + line));
}

/** A named CEL expression, which YAML folds into one line. */
function item(name: string, lines: readonly string[]): string {
  return [`- name: ${name}`, '  expression: >-', ...lines.map((line) => `    ${line}`)].join('\n');
}

/** The item with an anchor of its name, for further uses in the same file. */
function anchored(name: string, text: string): string {
  return text.replace(/^- /, `- &${name}\n  `);
}
