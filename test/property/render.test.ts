/** From a form to files: whatever was asked for, and whatever the secrets hold. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { selectByJmesPath } from '../../src/core/jmespath/index.ts';
import { formatPlan, type Plan } from '../../src/core/plan/plan.ts';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import { formatProblem } from '../../src/core/problems/problems.ts';
import { renderViews } from '../../src/core/render/render.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { renderTemplate } from '../../src/core/template/index.ts';
import { planTextFor } from '../fetcher/asked-plan.ts';
import { anyCharacter } from './any-character.ts';
import { askingPod, KEYS } from './asked-forms.ts';

const CANARY = 'c4n4ry';
const hostile = fc.constantFrom(
  '',
  '\0',
  "'",
  '"',
  '\n',
  '\r\n',
  '\\',
  '$' + '{A}',
  ' ',
  '#',
  '\ud800',
  '\x01',
  '\ufffe',
);
const text = fc
  .tuple(hostile, fc.oneof(hostile, fc.string({ unit: anyCharacter, maxLength: 5 })))
  .map(([before, behind]) => `${before}${CANARY}${behind}`);
const member: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: text, weight: 3 },
  fc.constantFrom<unknown>(
    null,
    true,
    {},
    [],
    [{ a: CANARY }, { a: null }],
    btoa(CANARY),
    CANARY.repeat(3000),
  ),
);
const object = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), member), { maxLength: 8 })
  .map(
    (members) =>
      `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
  );
/** What most forms can use. */
const usable = fc
  .record({
    user: fc.constantFrom(`${CANARY}1`, btoa(CANARY)),
    list: fc.constant([{ a: CANARY }]),
    A: fc.constant(CANARY),
  })
  .map((members) => JSON.stringify({ ...members, 'pass-word': CANARY }));
const content = fc.oneof(
  { arbitrary: usable, weight: 8 },
  { arbitrary: object, weight: 8 },
  text,
  member.map((value) => JSON.stringify(value)),
  fc.tuple(object, fc.nat(40)).map(([json, length]) => json.slice(0, length)),
  fc.uint8Array({ maxLength: 8 }),
  fc.constant(undefined),
  fc.constantFrom(
    `{"list":${'['.repeat(4000)}"${CANARY}"${']'.repeat(4000)}}`,
    `\ufeff{"user":"${CANARY}"}`,
    `-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n${CANARY}`,
  ),
);

/** Pods that were not refused, with their plans. */
const plan = askingPod
  .map((pod) => planTextFor(pod))
  .filter((asked) => 'text' in asked)
  .map((asked) => asked.text);

function planOf(planText: string): Plan {
  const read = readPlan(planText);
  if (!read.ok) throw new Error(formatProblem(read.problem));
  return read.value.plan;
}

it('reads back the plan of every pod that is not refused', () => {
  let refused = 0;
  fc.assert(
    fc.property(askingPod, (pod) => {
      const asked = planTextFor(pod);
      if ('refused' in asked) refused += 1;
      else expect(formatPlan(planOf(asked.text))).toBe(asked.text);
    }),
    { numRuns: 200 },
  );
  expect(refused).toBeLessThan(150);
});

it('renders every plan or says why not, and says nothing of a value', () => {
  const ended = { files: 0, problems: 0 };
  fc.assert(
    fc.property(plan, fc.tuple(content, content, content), (planText, contents) => {
      const values = contents.map((one) => (one === undefined ? undefined : new SecretValue(one)));
      const asked = planOf(planText);
      const rendered = renderViews(asked, values, { selectByJmesPath, renderTemplate });
      if (!rendered.ok) {
        ended.problems += 1;
        const lines = rendered.problem.map(formatProblem);
        expect(lines.filter((line) => line.includes(CANARY) || line.includes(btoa(CANARY)))).toEqual([]);
        expect(lines.filter((line) => /[\p{Cc}\p{Cs}]|undefined|\[object/u.test(line))).toEqual([]);
        return;
      }
      ended.files += 1;
      expect(rendered.value.map((view) => view.volume)).toEqual(asked.views.map((view) => view.volume));
      for (const { directories, files } of rendered.value) {
        const paths = [...files.map((file) => file.path), ...directories];
        expect(new Set(paths).size, 'each path is one thing').toBe(paths.length);
        for (const path of paths) {
          expect(path).toMatch(/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0]+$/);
          const above = path.split('/').slice(0, -1).join('/');
          if (above !== '') expect(directories).toContain(above);
        }
        for (const file of files) expect(file.content.revealBytes()).toBeDefined();
      }
    }),
    { numRuns: 500 },
  );
  expect(Math.min(ended.files, ended.problems)).toBeGreaterThan(5);
});

const damage = fc.tuple(
  fc.nat(),
  fc.constantFrom('set', 'add', 'remove', 'rename'),
  fc.oneof(
    fc.constantFrom<unknown>(
      '../x',
      '/etc/passwd',
      'a/../../b',
      'a\0b',
      '..',
      '',
      '.',
      'x',
      -1,
      99,
      1.5,
      true,
      null,
      [],
      {},
    ),
    fc.string({ unit: anyCharacter, maxLength: 4 }),
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'path',
    'name',
    'secret',
    'later',
    'mode',
    'key',
    'volume',
    'optional',
  ),
);

/** Every object and list of a plan, with what holds it. */
function holdersOf(root: unknown): object[] {
  if (typeof root !== 'object' || root === null) return [];
  return [root, ...Object.values(root).flatMap(holdersOf)];
}

function inflict(root: unknown, [seed, how, value, field]: [number, string, unknown, string]): void {
  const holders = holdersOf(root);
  const holder = holders[seed % holders.length];
  if (holder === undefined) return;
  const keys = Object.keys(holder);
  const at = keys[(seed >> 8) % Math.max(keys.length, 1)];
  const put = (key: string, what: unknown) =>
    Object.defineProperty(holder, key, { value: what, enumerable: true, configurable: true, writable: true });
  if (how === 'add' && !Array.isArray(holder)) put(field, value);
  if (at === undefined) return;
  if (how === 'set') put(at, value);
  if (how === 'rename' && !Array.isArray(holder)) put(field, Reflect.get(holder, at));
  if ((how === 'remove' || how === 'rename') && !Array.isArray(holder)) Reflect.deleteProperty(holder, at);
}

const MEMBERS = new Set(
  `version timeoutSeconds secrets views arn stage versionId volume receivers fileMode format env envFrom files filesFrom
  declared probe native shell file name secret entry optional key jmesPath decode default exclude onCollision id prefix
  case path mode template escape pem directory include`.split(/\s+/),
);

it('accepts no damaged plan that names places outside its volumes, or members that nobody knows', () => {
  const ended = { refused: 0, read: 0 };
  fc.assert(
    fc.property(
      plan,
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      content,
      (planText, damages, value) => {
        const root: unknown = JSON.parse(planText);
        for (const one of damages) inflict(root, structuredClone(one));
        const read = readPlan(JSON.stringify(root));
        if (!read.ok) {
          ended.refused += 1;
          expect(read.problem.code).toBe('PLAN_INVALID');
          expect(formatProblem(read.problem)).not.toMatch(/\p{Cc}/u);
          return;
        }
        ended.read += 1;
        const { plan: damaged } = read.value;
        const { views, secrets } = damaged;
        for (const holder of holdersOf(damaged))
          if (!Array.isArray(holder)) for (const name of Object.keys(holder)) expect(MEMBERS).toContain(name);
        for (const view of views) {
          expect(view.volume).toMatch(/^aws-secrets(-\d+)?$/);
          const paths = [
            ...view.files.map((file) => file.path),
            ...view.filesFrom.map((each) => each.directory),
          ];
          for (const path of paths)
            for (const element of path.split('/')) expect(element).toMatch(/^(?!\.\.|\.$)[\w.-]+$/);
          for (const one of view.env) expect(one.name).toMatch(/^[A-Za-z_]\w*$/);
          for (const one of [...view.env, ...view.envFrom, ...view.files, ...view.filesFrom])
            expect(secrets[one.secret]).toBeDefined();
        }
        // What was accepted is rendered or complained of too.
        const values = secrets.map(() => (value === undefined ? undefined : new SecretValue(value)));
        renderViews(damaged, values, { selectByJmesPath, renderTemplate });
      },
    ),
    { numRuns: 500 },
  );
  expect(Math.min(ended.refused, ended.read)).toBeGreaterThan(50);
});
