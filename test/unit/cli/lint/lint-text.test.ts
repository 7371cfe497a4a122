/** Where findings are in a text, and what happens to documents that cannot be read. */
import { describe, expect, it } from 'vitest';
import { lintText } from '../../../../src/cli/lint/lint-text.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const SPEC = 'spec: { containers: [{ name: a, image: "a:1" }] }';

function lint(text: string, isNamed = true) {
  const settings = {
    injection: { image: 'injector:1', sidecars: { can: true } as const },
    detectsPlainText: true,
  };
  return lintText(text, { namespace: 'shop', settings, isEnabled: () => true, isNamed });
}

/** `line:column RULE` of each finding. */
function placesOf(text: string): readonly string[] {
  return lint(text).findings.map(({ rule, place }) => `${place.line}:${place.column} ${rule}`);
}

describe('the place of an annotation', () => {
  it.each([
    [
      'a block map',
      `kind: Pod\nmetadata:\n  annotations:\n    a: b\n    secrets-injector.dev/x: why\n${SPEC}\n`,
      '5:5',
    ],
    ['quotes', `kind: Pod\nmetadata:\n  annotations:\n    "secrets-injector.dev/x": why\n${SPEC}\n`, '4:5'],
    [
      'a flow map',
      `kind: Pod\nmetadata: { annotations: { a: b, secrets-injector.dev/x: why } }\n${SPEC}\n`,
      '2:34',
    ],
    [
      'JSON',
      '{\n  "kind": "Pod",\n  "metadata": { "annotations": {\n    "secrets-injector.dev/x": "y" } },\n  "spec": { "containers": [{ "name": "a" }] } }',
      '4:5',
    ],
    [
      'a list',
      `kind: List\nitems:\n  - kind: Pod\n    metadata:\n      annotations:\n        secrets-injector.dev/x: why\n    ${SPEC}\n`,
      '6:9',
    ],
    [
      'an anchor',
      `kind: Pod\nmetadata:\n  labels: &a\n    secrets-injector.dev/x: why\n  annotations: *a\n${SPEC}\n`,
      '4:5',
    ],
    [
      'a merge key',
      `kind: Pod\nbase: &a\n  secrets-injector.dev/x: why\nmetadata:\n  annotations: { <<: *a, b: c }\n${SPEC}\n`,
      '3:3',
    ],
    [
      'lines that end with CR LF',
      `kind: Pod\r\nmetadata:\r\n  annotations:\r\n    secrets-injector.dev/x: why\r\n${SPEC}\r\n`,
      '4:5',
    ],
    [
      'a byte order mark',
      `\ufeffkind: Pod\nmetadata: { annotations: { secrets-injector.dev/x: why } }\n${SPEC}\n`,
      '2:28',
    ],
    [
      'the last of equal keys',
      `kind: Pod\nmetadata:\n  annotations:\n    secrets-injector.dev/x: why\n    secrets-injector.dev/x: zed\n${SPEC}\n`,
      '5:5',
    ],
    [
      'an escaped key',
      `kind: Pod\nmetadata:\n  annotations:\n    "\\x73ecrets-injector.dev/x": why\n${SPEC}\n`,
      '4:5',
    ],
  ])('in %s', (_name, text, place) => {
    expect(placesOf(text)).toEqual([`${place} ANNOTATION_UNKNOWN`]);
  });

  it('in a template and in a pod of a cluster', () => {
    const deployment = `kind: Deployment\nspec:\n  template:\n    metadata:\n      annotations:\n        secrets-injector.dev/x: why\n    ${SPEC}\n`;
    expect(placesOf(deployment)).toEqual(['6:9 ANNOTATION_UNKNOWN']);
  });
});

describe('the place of a part of the YAML form', () => {
  const pod = (form: string) =>
    `kind: Pod\nmetadata:\n  annotations:\n    secrets-injector.dev/secrets: ${form}\n${SPEC}\n`;
  const block = (style: string, indent = 6) => {
    const lines = [`- secret: ${ARN}`, '  env:', '    OK: a', '    "NOT OK": b', '  nope: 12'];
    return pod(`${style}\n${lines.map((line) => ' '.repeat(indent) + line).join('\n')}`);
  };
  it.each([
    ['a literal block', block('|'), ['8:11 ENV_NAME_INVALID', '9:9 SECRETS_ENTRY_INVALID']],
    [
      'a literal block with other indentation',
      block('|-', 9),
      ['8:14 ENV_NAME_INVALID', '9:12 SECRETS_ENTRY_INVALID'],
    ],
    [
      'a literal block with blank lines',
      block('|+\n\n\n'),
      ['11:11 ENV_NAME_INVALID', '12:9 SECRETS_ENTRY_INVALID'],
    ],
    [
      'a folded block',
      block('>').replace('OK: a', 'OK: a\n'),
      ['4:5 SECRETS_ENTRY_INVALID', '4:5 ENV_NAME_INVALID'],
    ],
    ['single quotes', pod(`'[{ secret: "${ARN}", env: { "A B": c } }]'`), ['4:120 ENV_NAME_INVALID']],
    [
      'double quotes with escapes',
      pod(`"[{ secret: \\"${ARN}\\", env: { A-B: c } }]"`),
      ['4:5 ENV_NAME_INVALID'],
    ],
    [
      'an entry of its own',
      pod('|\n      - secret: x\n      - nope: 1'),
      [
        '5:9 SECRETS_ENTRY_INVALID',
        '6:9 SECRETS_ENTRY_INVALID',
        '6:9 SECRETS_ENTRY_INVALID',
        '6:9 SECRETS_ENTRY_INVALID',
      ],
    ],
    ['broken YAML', pod('|\n      - secret: x\n        env: {'), ['6:15 SECRETS_YAML_INVALID']],
  ])('in %s', (_name, text, places) => {
    expect(placesOf(text)).toEqual(places);
  });
});

it('places of fields of the pod', () => {
  const text = `kind: Pod\nmetadata: { annotations: { secrets-injector.dev/file.x: "${ARN}" } }\nspec:\n  hostPID: true\n  containers:\n    - name: a\n      image: a\n      env:\n        - name: B\n          value: postgres://b:hunter2@c/d\n  initContainers: [{ name: c, image: "c:1", restartPolicy: Always }]\n`;
  expect(placesOf(text)).toEqual(['4:3 PROCESSES_SHARED', '7:7 IMAGE_UNPINNED', '10:11 PLAIN_TEXT_SECRET']);
});

it('the place of a volume', () => {
  const text = `kind: Pod\nmetadata: { annotations: { secrets-injector.dev/file.x: "${ARN}" } }\nspec:\n  containers: [{ name: a, image: "a:1" }]\n  volumes:\n    - name: aws-secrets\n      emptyDir: {}\n`;
  expect(placesOf(text)).toEqual(['6:7 POD_NAME_CONFLICT']);
});

describe('documents that kubectl cannot read', () => {
  const bad = `kind: Pod\nmetadata: { annotations: { secrets-injector.dev/x: why } }\n${SPEC}\n`;
  it.each([
    [
      'in the middle',
      `${bad}---\na: [b\n---\n${bad}`,
      ['2:28 ANNOTATION_UNKNOWN', '6:1 MANIFEST_UNREADABLE', '8:28 ANNOTATION_UNKNOWN'],
    ],
    [
      'with a bad separator',
      `${bad}--- x\na: b\n---\n${bad}`,
      ['4:1 MANIFEST_UNREADABLE', '8:28 ANNOTATION_UNKNOWN'],
    ],
    [
      'twice',
      `\t\n---\n${bad}---\n%YAML 1.2\n`,
      ['1:1 MANIFEST_UNREADABLE', '4:28 ANNOTATION_UNKNOWN', '7:1 MANIFEST_UNREADABLE'],
    ],
    [
      'after JSON',
      `{"kind":"Pod","metadata":{"annotations":{"secrets-injector.dev/x":"y"}},"spec":{"containers":[]}} {`,
      ['1:42 ANNOTATION_UNKNOWN', '1:81 POD_MALFORMED', '1:99 MANIFEST_UNREADABLE'],
    ],
  ])('%s', (_name, text, places) => {
    expect(placesOf(text)).toEqual(places);
    expect(lint(text).isComplete).toBe(false);
  });

  it('are only counted in a folder, if they do not mention the injector', () => {
    expect(lint('a: [b\n---\na: b\n...\nb: c\n', false)).toMatchObject({
      findings: [],
      isComplete: true,
      leftOut: 1,
    });
    const mention = 'a: [b\nsecrets-injector.dev/env.A: x\n';
    expect(lint(mention, false)).toMatchObject({
      findings: [{ level: 'error' }],
      isComplete: false,
      leftOut: 0,
    });
    const ignored = `a: b\n...\n${bad}`;
    expect(lint(ignored, false).findings.map(({ rule }) => rule)).toEqual(['MANIFEST_TEXT_IGNORED']);
  });

  it('include a YAML document that is too large', () => {
    const text = `${bad}---\nkind: Pod # ${'x'.repeat(17 * 1024 * 1024)}\n---\n${bad}`;
    expect(placesOf(text)).toEqual([
      '2:28 ANNOTATION_UNKNOWN',
      '5:1 MANIFEST_UNREADABLE',
      '8:28 ANNOTATION_UNKNOWN',
    ]);
  });
});

describe('annotations in other places', () => {
  it('are checked on their own', () => {
    const values = `podAnnotations:\n  secrets-injector.dev/env.A: "db:x"\n  secrets-injector.dev/secret.old: "${ARN}"\n`;
    expect(placesOf(values)).toEqual(['2:3 ALIAS_UNKNOWN']);
    expect(lint(values).findings[0]?.level).toBe('note');
    expect(placesOf('podAnnotations:\n  secrets-injector.dev/envs.A: x\n')).toEqual([
      '2:3 ANNOTATION_UNKNOWN',
    ]);
  });
  it('of a patch are checked without the pod', () => {
    const patch = (containers: string) =>
      `kind: Deployment\nspec:\n  template:\n    metadata:\n      annotations:\n        secrets-injector.dev/containers: web\n        secrets-injector.dev/env.A: "db:x"\n    spec: { ${containers} }\n`;
    for (const containers of ['', 'containers: [{ name: proxy }]', 'containers: [{ args: [x] }]'])
      expect(placesOf(patch(containers))).toEqual(['7:9 ALIAS_UNKNOWN']);
    expect(placesOf(patch('containers: [{ name: proxy, image: "p:1" }]'))).toEqual([
      '6:9 CONTAINER_UNKNOWN',
      '7:9 ALIAS_UNKNOWN',
    ]);
  });
  it('are left out if they are templates', () => {
    expect(placesOf('podAnnotations:\n  secrets-injector.dev/env.A: "{{ .Values.secret }}"\n')).toEqual([]);
  });
  it('of a workload are misplaced, and of an unknown kind only perhaps', () => {
    const own = `metadata:\n  annotations:\n    secrets-injector.dev/env.A: "${ARN}"\n    rollout.secrets-injector.dev/paused: "true"\n`;
    const levels = (text: string) => lint(text).findings.map(({ rule, level }) => [rule, level]);
    expect(levels(`kind: StatefulSet\n${own}spec:\n  template:\n    ${SPEC}\n`)).toEqual([
      ['ANNOTATION_MISPLACED', 'error'],
    ]);
    expect(levels(`kind: Something\n${own}`)).toEqual([['ANNOTATION_MISPLACED', 'warning']]);
  });
});

it('does not decide about injected pods', () => {
  const pod = {
    kind: 'Pod',
    metadata: { annotations: { 'secrets-injector.dev/file.x': ARN } },
    spec: {
      initContainers: [{ name: 'aws-secrets-fetch', image: 'other' }],
      containers: [{ name: 'a', image: 'a:1' }],
    },
    status: {},
  };
  expect(placesOf(JSON.stringify(pod))).toEqual([]);
});

it('reports at most 10,000 findings of a text, and says that it is not complete', () => {
  const keys = Array.from({ length: 900 }, (_, index) => `    secrets-injector.dev/env.A${index}: x\n`).join(
    '',
  );
  const object = `kind: ConfigMap\nmetadata:\n  annotations:\n${keys}`;
  const linted = lint(Array(13).fill(object).join('---\n'));
  expect([linted.findings.length, linted.isComplete]).toEqual([10_000, false]);
});
