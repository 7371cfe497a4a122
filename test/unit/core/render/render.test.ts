import { describe, expect, it } from 'vitest';
import type { PlanView } from '../../../../src/core/plan/plan.ts';
import { ok } from '../../../../src/core/problems/result.ts';
import { renderViews } from '../../../../src/core/render/render.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const CANARY = 'hunter2-canary';

const EMPTY: PlanView = {
  volume: 'aws-secrets',
  receivers: { native: [], shell: ['app'], file: [] },
  fileMode: '0440',
  format: 'shell',
  env: [],
  envFrom: [],
  files: [],
  filesFrom: [],
  declared: [],
};

function render(view: Partial<PlanView>, content: string | Uint8Array) {
  const plan = {
    version: 1 as const,
    timeoutSeconds: 60,
    secrets: [{ arn: ARN }],
    views: [{ ...EMPTY, ...view }],
  };
  return renderViews(plan, [new SecretValue(content)]);
}

function filesOf(view: Partial<PlanView>, content: string | Uint8Array): Record<string, string> {
  const rendered = render(view, content);
  if (!rendered.ok) throw new Error(rendered.problem.map((problem) => problem.code).join());
  return Object.fromEntries(
    rendered.value.flatMap((one) =>
      one.files.map((file) => [file.path, file.content.revealText() ?? '(binary)']),
    ),
  );
}

function codesOf(view: Partial<PlanView>, content: string | Uint8Array): readonly string[] {
  const rendered = render(view, content);
  expect(JSON.stringify(rendered)).not.toContain('canary');
  return rendered.ok ? [] : rendered.problem.map((problem) => problem.code);
}

const named = { env: [{ name: 'A', secret: 0, key: 'k' }] };

describe('values', () => {
  it.each([
    ['a string', '{"k":"v"}', "A='v'\n"],
    ['an empty string', '{"k":""}', "A=''\n"],
    ['a number with its digits', '{"k":1.10}', "A='1.10'\n"],
    ['an object as compact JSON', '{"k":{"a": [1, 2]}}', `A='{"a":[1,2]}'\n`],
    ['a quote', `{"k":"it's"}`, "A='it'\\''s'\n"],
    ['newlines', '{"k":"a\\r\\nb\\n"}', "A='a\r\nb\n'\n"],
  ])('%s', (_name, secret, file) => {
    expect(filesOf(named, secret)).toEqual({ env: file });
  });

  it('takes the whole value, text or binary, and an empty one', () => {
    expect(filesOf({ env: [{ name: 'A', secret: 0 }] }, 'plain')).toEqual({ env: "A='plain'\n" });
    expect(filesOf({ env: [{ name: 'A', secret: 0 }] }, new Uint8Array([0xc3, 0xa9]))).toEqual({
      env: "A='é'\n",
    });
    expect(filesOf({ files: [{ path: 'f', secret: 0 }] }, '')).toEqual({ f: '' });
    expect(filesOf({ files: [{ path: 'f', secret: 0 }] }, new Uint8Array([0, 255]))).toEqual({
      f: '(binary)',
    });
  });

  it('spreads keys over variables and files', () => {
    const view = { envFrom: [{ id: 'x', secret: 0 }], filesFrom: [{ directory: 'd', secret: 0 }] };
    expect(filesOf(view, '{"A":"1","b":2}')).toEqual({ env: "A='1'\nb='2'\n", 'd/A': '1', 'd/b': '2' });
  });

  it('keeps an env file and a directory that turn out empty', () => {
    const rendered = render(
      { envFrom: [{ id: 'x', secret: 0 }], filesFrom: [{ directory: 'd', secret: 0 }] },
      '{}',
    );
    expect(rendered).toMatchObject({
      value: [{ directories: ['d'], files: [{ path: 'env', mode: 0o440 }] }],
    });
  });
});

describe('values that cannot be carried', () => {
  it.each([
    ['not JSON', named, CANARY, 'VALUE_NOT_JSON'],
    ['JSON that is no object', named, `["${CANARY}"]`, 'VALUE_NOT_JSON'],
    ['a missing key', named, `{"other":"${CANARY}"}`, 'VALUE_KEY_MISSING'],
    ['a null', named, '{"k":null}', 'VALUE_KEY_MISSING'],
    ['a NUL', named, `{"k":"${CANARY}\\u0000"}`, 'VALUE_NOT_REPRESENTABLE'],
    ['half a surrogate pair', named, `{"k":"${CANARY}\\ud800"}`, 'VALUE_NOT_REPRESENTABLE'],
    ['invalid UTF-8', { env: [{ name: 'A', secret: 0 }] }, new Uint8Array([0xff]), 'VALUE_NOT_TEXT'],
    [
      'half a pair in a file',
      { files: [{ path: 'f', secret: 0, key: 'k' }] },
      '{"k":"\\ud800"}',
      'VALUE_NOT_REPRESENTABLE',
    ],
    ['a key that is no name', { envFrom: [{ id: 'x', secret: 0 }] }, '{"a-b":"1"}', 'VALUE_NAME_INVALID'],
    ['a key that shells keep', { envFrom: [{ id: 'x', secret: 0 }] }, '{"UID":"1"}', 'VALUE_NAME_INVALID'],
    [
      'a key that steers programs',
      { envFrom: [{ id: 'x', secret: 0 }] },
      '{"LD_PRELOAD":"1"}',
      'VALUE_NAME_REFUSED',
    ],
    [
      'a key that a container declares',
      { envFrom: [{ id: 'x', secret: 0 }], declared: ['A'] },
      '{"A":"1"}',
      'VALUE_NAME_TAKEN',
    ],
    [
      'two spreads with one key',
      {
        envFrom: [
          { id: 'x', secret: 0 },
          { id: 'y', secret: 0 },
        ],
      },
      '{"A":"1"}',
      'VALUE_NAME_TAKEN',
    ],
    [
      'a key that leaves its directory',
      { filesFrom: [{ directory: 'd', secret: 0 }] },
      '{"../x":"1"}',
      'VALUE_NAME_INVALID',
    ],
    [
      'a key with a slash',
      { filesFrom: [{ directory: 'd', secret: 0 }] },
      '{"a/b":"1"}',
      'VALUE_NAME_INVALID',
    ],
    ['a hidden key', { filesFrom: [{ directory: 'd', secret: 0 }] }, '{"..data":"1"}', 'VALUE_NAME_INVALID'],
    [
      'a key where another file needs a directory',
      { files: [{ path: 'd/e/f', secret: 0 }], filesFrom: [{ directory: 'd', secret: 0 }] },
      '{"e":"1"}',
      'VALUE_NAME_TAKEN',
    ],
    [
      'a key where another spread needs a directory',
      {
        filesFrom: [
          { directory: 'd', secret: 0 },
          { directory: 'd/e', secret: 0 },
        ],
      },
      '{"e":"1"}',
      'VALUE_NAME_TAKEN',
    ],
    ['an empty key', { filesFrom: [{ directory: 'd', secret: 0 }] }, '{"":"1"}', 'VALUE_NAME_INVALID'],
  ])('%s', (_name, view, content, code) => {
    expect(codesOf(view, content)).toContain(code);
  });

  it.each([
    ['a NUL', '\\u0000', /the format shell cannot represent.*another env-format/],
    [
      'nothing',
      '',
      /native variable cannot represent; change the value .*or set \S+env-mode to shell or file/,
    ],
    [
      'a quote',
      "'",
      /native variable cannot represent; change the value .*or set \S+env-mode to shell or file/,
    ],
  ])('says what would help against %s in a native variable', (_name, value, said) => {
    const receivers = { native: ['app'], shell: [], file: [] };
    const rendered = render({ ...named, receivers }, `{"k":"${value}"}`);
    const [problem] = rendered.ok ? [] : rendered.problem;
    expect(`${problem?.wrong}; ${problem?.expected}`).toMatch(said);
  });

  it('names the expression whose value is not valid base64', () => {
    const env = [{ name: 'A', secret: 0, jmesPath: 'a.b', decode: 'base64' as const }];
    const engines = { selectByJmesPath: () => ok('!') };
    const plan = {
      version: 1 as const,
      timeoutSeconds: 60,
      secrets: [{ arn: ARN }],
      views: [{ ...EMPTY, env }],
    };
    const rendered = renderViews(plan, [new SecretValue('{}')], engines);
    expect(rendered).toMatchObject({ problem: [{ wrong: expect.stringContaining('"a.b"') }] });
  });

  it('tells all of them at once', () => {
    const view = {
      env: [
        { name: 'A', secret: 0, key: 'x' },
        { name: 'B', secret: 0, key: 'y' },
      ],
      files: [{ path: 'f', secret: 0, key: 'z' }],
    };
    expect(codesOf(view, '{"y":null}')).toEqual([
      'VALUE_KEY_MISSING',
      'VALUE_KEY_MISSING',
      'VALUE_KEY_MISSING',
    ]);
  });
});
