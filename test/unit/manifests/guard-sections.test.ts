/** The lists in CEL expressions that follow from tables in src/core. */
import { it } from 'vitest';
import { MAX_VIEWS } from '../../../src/core/limits.ts';
import { FAMILIES, type Family, OPTIONS } from '../../../src/core/names/annotation-keys.ts';
import { NAMESPACE_LABEL, PREFIX } from '../../../src/core/names/prefix.ts';
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

it('the webhook is called for every annotation except the two that never request anything', () => {
  const requests = item('requests-secrets', [
    ...ANY_ANNOTATION,
    `k.startsWith('${PREFIX}')`,
    `&& !(k in ['${PREFIX}inject', '${NAMESPACE_LABEL}']))`,
  ]);
  expectSections('base/mutating-webhook-configuration.yaml', { 'requests-secrets': requests });
  expectSections('components/second-pass/registration/mutating-webhook-configuration.yaml', {
    'requests-secrets': requests,
  });
});

it('the guard knows every option, every family and the largest number of views', () => {
  expectSections('base/guard/not-opted-in.yaml', { 'requests-secrets': guardedPods() });
  expectSections('base/guard/injected.yaml', {
    'requests-secrets': guardedPods(),
    indices: indices(),
    families: families(),
  });
});

const ANY_ANNOTATION = ['has(object.metadata.annotations)', '&& object.metadata.annotations.exists(k,'];

/** Aliases and options request nothing by themselves. Every other key does, even an unknown one. */
function guardedPods(): string {
  const keys = [NAMESPACE_LABEL, ...Object.keys(OPTIONS).map((option) => PREFIX + option)];
  return item('requests-secrets', [
    ...ANY_ANNOTATION,
    `k.startsWith('${PREFIX}')`,
    `&& !k.startsWith('${PREFIX}secret.')`,
    '&& !(k in [',
    ...keys.map((key, index) => `'${key}'${index < keys.length - 1 ? ',' : ']))'}`),
  ]);
}

function indices(): string {
  const numbers = Array.from({ length: MAX_VIEWS }, (_, index) => index);
  return item('indices', [`[${numbers.join(', ')}].filter(i, i < variables.views.size())`]);
}

/** What the plan contains, spelled as annotations, and the annotations that it lacks. */
function families(): string {
  const planned = requesting.map(
    (family) =>
      `variables.plan.split('{"${FIRST_MEMBERS[family]}":"').map(p, '${family}.' + p.split('"')[0])`,
  );
  const keys = requesting.map((family) => `k.startsWith('${PREFIX}${family}.')`);
  return [
    item('planned', joined(planned, '+ ')),
    item('unplanned', [
      'object.metadata.annotations.filter(k,',
      ...joined(keys, '|| '),
      `).filter(k, !(k.substring(${PREFIX.length}) in variables.planned))`,
    ]),
  ].join('\n');
}

function joined(lines: readonly string[], operator: string): readonly string[] {
  return lines.map((line, index) => (index === 0 ? line : operator + line));
}

/** A named CEL expression, which YAML folds into one line. */
function item(name: string, lines: readonly string[]): string {
  return [`- name: ${name}`, '  expression: >-', ...lines.map((line) => `    ${line}`)].join('\n');
}
