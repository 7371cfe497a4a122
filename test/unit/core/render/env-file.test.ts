/** The env file: keys spread over names, what is in the way of a name, and what a dialect or kubelet cannot carry. */
import { describe, expect, it } from 'vitest';
import { DIALECTS } from '../../../../src/core/formats/index.ts';
import { isShellOwned } from '../../../../src/core/names/env-names.ts';
import { STEERING_NAMES, STEERING_PREFIXES } from '../../../../src/core/names/steering-names.ts';
import { PROBE_FILE } from '../../../../src/core/names/volume-layout.ts';
import type { PlanVariables, PlanView } from '../../../../src/core/plan/plan.ts';
import { arnOf } from '../../../fetcher/plans.ts';
import { complaintsOf, filesOf, render } from './rendering.ts';

const NATIVE = { native: ['app'], shell: [], file: [] };
const SHELL = { native: [], shell: ['app'], file: [] };
const FILE = { native: [], shell: [], file: ['app'] };
const ENTRY = 'secrets-injector.dev/secrets[2].envFrom';

const spreading = (entry: Partial<PlanVariables>, view: Partial<PlanView> = {}): Partial<PlanView> => ({
  envFrom: [{ secret: 0, entry: 2, ...entry }],
  ...view,
});

describe('names of spread keys', () => {
  const CONTENT = '{"user":"1","Pass_Word":"2","TEMP_a":"3","TEMP_b":"4","straße":null}';
  it.each<[string, Partial<PlanVariables>, string]>([
    ['as they are', { exclude: ['TEMP_*', 'str*'] }, "user='1'\nPass_Word='2'\n"],
    ['with a prefix', { prefix: 'DB_', exclude: ['*_*', '*ß*'] }, "DB_user='1'\n"],
    [
      'in upper case, the prefix as written',
      { prefix: 'db_', case: 'upper', exclude: ['T*', 's*'] },
      "db_USER='1'\ndb_PASS_WORD='2'\n",
    ],
    [
      'in lower case',
      { case: 'lower', exclude: ['user', 'straße'] },
      "pass_word='2'\ntemp_a='3'\ntemp_b='4'\n",
    ],
    ['without any', { exclude: ['*'] }, ''],
    [
      'without those that are null, when optional',
      { optional: true, exclude: ['T*'] },
      "user='1'\nPass_Word='2'\n",
    ],
  ])('%s', (_name, entry, file) => {
    expect(filesOf(spreading(entry), CONTENT)).toEqual({ env: file });
  });

  it('only ASCII letters change case', () => {
    expect(complaintsOf(spreading({ case: 'upper' }), '{"straße":"canary"}')).toEqual([
      `VALUE_NAME_INVALID ${ENTRY}: key "straße" (as "STRAßE") is not a valid variable name`,
    ]);
  });

  it.each<[string, Partial<PlanView>, string, string]>([
    [
      'a null',
      spreading({}),
      '{"k":null}',
      `VALUE_KEY_MISSING ${ENTRY}: key "k" of secret ${arnOf('one')} is null`,
    ],
    [
      'a name that is none',
      spreading({}),
      '{"a b":"canary"}',
      `VALUE_NAME_INVALID ${ENTRY}: key "a b" is not a valid variable name`,
    ],
    [
      'an empty name',
      spreading({}),
      '{"":"canary"}',
      `VALUE_NAME_INVALID ${ENTRY}: key "" is not a valid variable name`,
    ],
    [
      'a prefix that spoils the name',
      spreading({ prefix: '1' }),
      '{"a":"canary"}',
      `VALUE_NAME_INVALID ${ENTRY}: key "a" (as "1a") is not a valid variable name`,
    ],
    [
      'a name that is too long',
      spreading({ prefix: 'x'.repeat(128) }),
      '{"a":"canary"}',
      `VALUE_NAME_INVALID ${ENTRY}: key "a" (as "${'x'.repeat(64)}…") is not a valid variable name`,
    ],
    [
      'a name of the shell',
      spreading({ case: 'upper' }),
      '{"uid":"canary"}',
      `VALUE_NAME_INVALID ${ENTRY}: key "uid" (as "UID") is not a valid variable name`,
    ],
    [
      'a name that steers',
      spreading({ prefix: 'LD_' }),
      '{"PRELOAD":"canary"}',
      `VALUE_NAME_REFUSED ${ENTRY}: key "PRELOAD" (as "LD_PRELOAD") would change how programs run`,
    ],
    [
      'a name that a container declares',
      spreading({}, { declared: ['A'] }),
      '{"A":"canary"}',
      `VALUE_NAME_TAKEN ${ENTRY}: a receiving container already provides the variable "A"`,
    ],
    [
      'keys that become one name',
      spreading({ case: 'upper' }),
      '{"a":"canary","A":"canary"}',
      `VALUE_NAME_TAKEN ${ENTRY}: ${ENTRY} already provides the variable "A"`,
    ],
  ])('refuses %s', (_name, view, content, complaint) => {
    expect(complaintsOf(view, content)[0]).toBe(complaint);
  });

  describe.each(DIALECTS)('in the format %s', (format) => {
    const names = [...STEERING_NAMES, ...STEERING_PREFIXES.map((prefix) => `${prefix}X`)];
    it.each(names)('refuses %s, and writes it if it is requested by name', (name) => {
      const receivers = format === 'shell' ? SHELL : FILE;
      const [complaint] = complaintsOf(spreading({}, { format, receivers }), JSON.stringify({ [name]: 'x' }));
      expect(complaint).toMatch(/^VALUE_NAME_(?:REFUSED|INVALID) /);
      if (isShellOwned(name) && format === 'shell') return;
      expect(complaint).toContain('would change how programs run');
      const env = [{ name, secret: 0, key: 'k' }];
      expect(filesOf({ env, format, receivers }, '{"k":"x"}')['env']).toContain(name);
    });
  });

  it('a name of the shell is one like others where no shell reads it', () => {
    expect(filesOf(spreading({}, { format: 'dotenv', receivers: FILE }), '{"UID":"7"}')).toEqual({
      env: "UID='7'\n",
    });
  });

  it('the earlier stays where a collision skips, whoever gave it, and steering names are refused all the same', () => {
    const skip = { onCollision: 'skip', entry: 2 } as const;
    const view: Partial<PlanView> = {
      env: [{ name: 'A', secret: 0, key: 'a' }],
      envFrom: [
        { secret: 0, ...skip },
        { secret: 1, ...skip },
      ],
      declared: ['D', 'PATH'],
    };
    const second = '{"A":"x","B":"x","C":"c","D":"x","PATH":"x","c":"y"}';
    expect(filesOf(view, '{"a":"a","B":"b"}', second)).toEqual({
      env: "A='a'\na='a'\nB='b'\nC='c'\nc='y'\n",
    });
    expect(complaintsOf({ ...view, declared: [] }, '{"a":"canary"}', second)).toHaveLength(1);
  });

  it('a name that is requested wins over a key, even if it is absent', () => {
    const view = (key: string) => spreading({}, { env: [{ name: 'A', secret: 0, key, optional: true }] });
    expect(filesOf(view('B'), '{"A":"a","B":"b"}')).toEqual({ env: "A='b'\nB='b'\n" });
    expect(filesOf(view('gone'), '{"A":"a","B":"b"}')).toEqual({ env: "B='b'\n" });
  });

  it('nothing comes of a secret that is absent', () => {
    expect(filesOf(spreading({ optional: true }), undefined)).toEqual({ env: '' });
  });
});

describe('what the env file cannot carry', () => {
  const shown = (view: Partial<PlanView>, value: string) =>
    complaintsOf({ env: [{ name: 'A', secret: 0, key: 'k' }], ...view }, JSON.stringify({ k: value }));
  const A = 'VALUE_NOT_REPRESENTABLE secrets-injector.dev/env.A: the value of "A"';

  it.each([
    ['shell', 'canary\0', 'contains a NUL character'],
    ['dotenv-ruby', 'canary\n', 'contains a newline'],
    ['docker', 'canary\nA=b', 'contains a newline'],
    ['systemd', 'canary\x01', 'contains a control character other than tab and newline'],
  ] as const)('%s: %j', (format, value, fault) => {
    expect(shown({ format, receivers: FILE }, value)).toEqual([
      `${A} ${fault}, which the format ${format} cannot represent`,
    ]);
  });

  it.each([
    ['', 'is empty'],
    ["can'ary", 'contains a single quote'],
    ['canary\r\n', 'contains a carriage return before a newline'],
    ['canary'.repeat(10_923), 'results in a line of more than 65535 bytes'],
  ])('native: %j', (value, fault) => {
    const [said = ''] = shown({ receivers: NATIVE }, value);
    expect(said).toBe(`${A} ${fault}, which a native variable cannot represent`);
    expect(shown({}, value)).toEqual([]);
  });

  it('everything is told, each with a way out that leads somewhere', () => {
    const content = '{"NUL":"canary\\u0000","QUOTE":"can\'ary","FINE":"canary","HALF":"canary\\ud800"}';
    const rendered = render(spreading({}, { receivers: NATIVE }), content);
    const problems = rendered.ok ? [] : rendered.problem;
    expect(problems.map((one) => [one.wrong, one.expected])).toEqual([
      [
        'the value of "NUL" contains a NUL character, which the format shell cannot represent',
        expect.stringContaining('another env-format'),
      ],
      [
        'the value of "QUOTE" contains a single quote, which a native variable cannot represent',
        expect.stringContaining('env-mode to shell or file'),
      ],
      [
        'the value of "HALF" contains half of a surrogate pair, which the format shell cannot represent',
        expect.stringContaining('another env-format'),
      ],
    ]);
  });

  it('one container with native variables binds a view, and none with its own file does', () => {
    const mixed = { native: ['a'], shell: ['b'], file: ['c'] };
    expect(shown({ receivers: mixed }, "it's")).toHaveLength(1);
    expect(shown({ receivers: { ...mixed, native: [] } }, "it's")).toEqual([]);
  });

  it.each(DIALECTS)('%s: an env file without variables', (format) => {
    const { env } = filesOf(spreading({}, { format, receivers: FILE }), '{}');
    expect(env).toBe(format === 'json' || format === 'yaml' ? '{}\n' : '');
  });
});

it('the probe is a file of its own, with the view’s mode', () => {
  const view: Partial<PlanView> = { probe: true, receivers: NATIVE, env: [{ name: 'A', secret: 0 }] };
  expect(filesOf(view, 'v')).toEqual({ env: "A='v'\n", [PROBE_FILE]: "SECRETS_INJECTOR_PROBE='ok'\n" });
  expect(render({ ...view, fileMode: '0440' }, 'v')).toMatchObject({
    value: [{ files: [{ mode: 0o440 }, { mode: 0o440 }] }],
  });
});
