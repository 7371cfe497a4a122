import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { renderText } from '../../src/cli/manifests/render-text.ts';
import { expectAdditionsOnly } from '../golden/additions.ts';
import { bundleCli, runCli } from './program.ts';

const SETTINGS = { image: 'registry.example/aws-secrets-injector:1' };
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const ASK = `secrets-injector.dev/file.db: "${ARN}"`;

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-render-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

/** Renders and checks what holds for every manifest. @returns text and objects */
function render(source: string) {
  const rendered = renderText(source, 'default', SETTINGS);
  if (!rendered.ok) throw new Error(JSON.stringify(rendered.problem));
  const { text } = rendered.value;
  const before = parseAllDocuments(source).map((document) => document.toJS() as unknown);
  const after = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  expectAdditionsOnly(before, after);
  const again = renderText(text, 'default', SETTINGS);
  expect(again).toMatchObject({ ok: true, value: { text } });
  return rendered.value;
}

/** Every line of the source is still there, in order. */
function expectLinesKept(source: string, text: string): void {
  const lines = text.split('\n');
  let from = 0;
  for (const line of source.split('\n')) {
    const found = lines.indexOf(line, from);
    expect(found, `the line ${JSON.stringify(line)} is kept`).toBeGreaterThanOrEqual(from);
    from = found + 1;
  }
}

const template = (indent: string) =>
  `metadata:
  annotations:
    ${ASK}
spec:
  containers:
    - name: app # the application
      image: 'shop/app:1'`.replaceAll('\n', `\n${indent}`);

describe('kinds', () => {
  it.each([
    ['Pod', `apiVersion: v1\nkind: Pod\n${template('')}\n`],
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'Rollout'].map((kind) => [
      kind,
      `apiVersion: x/v1\nkind: ${kind}\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  replicas: 2\n  template:\n    ${template('    ')}\n`,
    ]),
    [
      'ReplicationController',
      `apiVersion: v1\nkind: ReplicationController\nspec:\n  template:\n    ${template('    ')}\n`,
    ],
    [
      'CronJob',
      `apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        ${template('        ')}\n`,
    ],
    ['PodTemplate', `apiVersion: v1\nkind: PodTemplate\ntemplate:\n  ${template('  ')}\n`],
    [
      'List',
      `apiVersion: v1\nkind: List\nitems:\n  - kind: ConfigMap\n  - kind: Pod\n    ${template('    ')}\n`,
    ],
    [
      'DeploymentList',
      `kind: DeploymentList\nitems:\n  - kind: Deployment\n    spec:\n      template:\n        ${template('        ')}\n`,
    ],
  ])('%s', (_kind, source) => {
    const { text, objects, notes } = render(source);
    expect(objects.map((one) => one.outcome.kind)).toEqual(['injected']);
    expect(notes).toEqual([]);
    expectLinesKept(source, text);
  });

  it('leaves alone what has no pod', () => {
    const source = 'kind: ConfigMap\ndata:   {a:   "b"}\n---\nkind: Deployment\nspec: {template: 5}\n';
    expect(render(source)).toMatchObject({ text: source, objects: [] });
  });
});

describe('comments, order and quotes are kept', () => {
  const pod = (spec: string) =>
    `kind: Pod\nmetadata: {annotations: {'secrets-injector.dev/file.db': "${ARN}"}}\nspec:\n${spec}`;
  it.each([
    [
      'comments everywhere',
      pod(
        '  # top\n  containers:\n    # item\n    - name: app # name\n      # inside\n      image: a   # image\n    # end of list\n',
      ),
    ],
    [
      'lists at the column of their key',
      pod(
        '  volumes:\n  - name: v\n    emptyDir: {}\n  containers:\n  - name: app\n    volumeMounts:\n    - name: v\n      mountPath: /v\n',
      ),
    ],
    [
      'block scalars at the end',
      pod(
        '  containers:\n    - name: app\n      args:\n        - |\n          a\n\n          b\n        - >- # comment\n          folded\n          text\n',
      ),
    ],
    [
      'a scalar that keeps its blank lines',
      pod(
        '  containers:\n    - name: app\n      args:\n        - |+\n          a\n\n  restartPolicy: Never\n',
      ),
    ],
    [
      'init containers with a comment above',
      pod('  initContainers:\n    # first of all\n    - name: migrate\n  containers:\n    - name: app\n'),
    ],
    ['no line feed at the end', pod('  containers:\n    - name: app')],
    ['document markers', `---\n${pod('  containers:\n    - name: app\n')}...\n---\n# nothing\n`],
    ['a byte order mark', `\ufeff${pod('  containers:\n    - name: app\n')}`],
    ['tabs in comments', pod('  containers:\n    - name: app   #\ttab\n      image: a\n')],
    [
      'several indentations',
      pod(
        '  affinity:\n      nodeAffinity:\n         x: {}\n  containers:\n    - name: app\n      ports:\n      - containerPort: 1\n',
      ),
    ],
    [
      'text of several lines',
      pod('  x: a plain\n    text\n  y: "a \\\n    text"\n  containers:\n    - name: app\n'),
    ],
    [
      'flow style with and without padding',
      pod('  x: { a: b }\n  containers:\n    - name: app\n      args: ["a", [ b ]]\n'),
    ],
  ])('%s', (_name, source) => {
    const { text, objects, notes } = render(source);
    expect(objects.map((one) => one.outcome.kind)).toEqual(['injected']);
    expect(notes).toEqual([]);
    expectLinesKept(source.trimEnd(), text);
  });

  it('keeps CRLF line ends', () => {
    const source = pod(
      '  containers:\n    - name: app\n      args:\n        - |\n          a\n          b\n    # a\n\n    # b\n',
    ).replaceAll('\n', '\r\n');
    const { text } = render(source);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expectLinesKept(source, text);
  });

  it('keeps blank lines, spacing, indicators and the place of comments', () => {
    const source = pod(
      '  x: {a:   b,\n    c: d}\n\n\n  y: |2\n    a\n  containers: # list\n    -   name:   app\n    # end of list\n  # end of spec\n  z: 1\n',
    );
    expectLinesKept(source, render(source).text);
  });

  it('inserts into flow style', () => {
    const { text, notes } = render(pod('  containers: [{name: app, volumeMounts: [], command: [x]}]\n'));
    expect(notes).toEqual([]);
    expect(text).toContain('  containers: [{name: app, volumeMounts: [{"name": "aws-secrets", ');
  });

  it.each([undefined, 2, 4, '\t'])('keeps the indentation %j of JSON', (indentation) => {
    const pretty = (object: unknown) => `${JSON.stringify(object, undefined, indentation)}\n`;
    const { text } = render(pretty(parse(pod('  containers: [{name: app, image: a}]\n'))));
    expect(JSON.parse(text)).toHaveProperty('spec.initContainers');
    expect(text).toBe(pretty(JSON.parse(text)));
  });

  it('quotes added text that kubectl would read as another type', () => {
    const fetcherEnv = ['yes', 'ON', '0400', '1_0'].map((value, at) => ({ name: `V${at}`, value }));
    const source = pod('  containers:\n    - name: app\n');
    const rendered = renderText(source, 'default', { ...SETTINGS, fetcherEnv });
    if (!rendered.ok) throw new Error(rendered.problem.wrong);
    for (const { value } of fetcherEnv)
      expect(rendered.value.text).toContain(`          value: "${value}"\n`);
  });

  it('replaces aliases where the injection changes a shared part, keeps comments, and reports it', () => {
    const source = pod('  containers: &all # every\n    - name: app # the application\n  other: *all\n');
    const { text, notes } = render(source);
    expect(notes[0]).toContain('aliases were replaced');
    expect(text).toContain('# the application');
    expect(parse(text)).toMatchObject({
      spec: { initContainers: [{ name: 'aws-secrets-fetch' }], other: [{ name: 'app' }] },
    });
    expect(parse(text)).not.toHaveProperty('spec.other.0.volumeMounts');
  });

  it('keeps aliases that the injection does not touch', () => {
    const source = pod(
      '  containers:\n    - name: app\n      resources: &small {limits: {memory: 1Gi}}\n  x: *small\n',
    );
    const { text, notes } = render(source);
    expect(notes).toEqual([]);
    expectLinesKept(source, text);
  });

  it.each([
    '0400',
    '0o17',
    '1_000',
    '12345678901234567890',
    '1.10',
    'yes',
    '"yes"',
    "'0400'",
    '~',
    'Null',
    '"\\u00e9\\x41"',
    "'it''s'",
    '!!str 5',
  ])('prints the scalar %s as it was', (scalar) => {
    const source = pod(`  containers:\n    - name: app\n  x: ${scalar}\n`);
    expectLinesKept(source, render(source).text);
  });

  it('keeps the indentation of a file', () => {
    const source =
      'kind: Pod\nmetadata:\n    annotations:\n        ' +
      `${ASK}\nspec:\n    containers:\n    - name: app\n`;
    const { text } = render(source);
    expectLinesKept(source, text);
    expect(text).toMatch(/^ {4}annotations:$/m);
  });

  it('fills lists that are null or absent', () => {
    render(
      pod('  volumes:\n  initContainers: null\n  containers:\n    - name: app\n      volumeMounts: ~\n'),
    );
  });
});

describe('as a process', () => {
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  it('prints a manifest without annotations byte for byte, from a file and from standard input', async () => {
    const source = '# x\nkind:   Pod\nspec: {containers: [ {name: a } ]}\n\n\n---\n---\nkind: X\r\n# end';
    expect(await runCli(cli, ['render', '-f', write('plain.yaml', source)])).toEqual({
      code: 0,
      stdout: source,
      stderr: '',
    });
    expect(await runCli(cli, ['render'], source)).toEqual({ code: 0, stdout: source, stderr: '' });
    expect(await runCli(cli, ['render'], '')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('prints nothing when one pod of several would be refused, and names each', async () => {
    const good = write('good.yaml', `kind: Pod\n${template('')}\n`);
    const bad = write(
      'bad.yaml',
      `kind: Pod\nmetadata: {name: b, annotations: {secrets-injector.dev/fil.x: "1", secrets-injector.dev/env.A: "db:k"}}\nspec: {containers: [{name: a}]}\n`,
    );
    const { code, stdout, stderr } = await runCli(cli, ['render', '-f', good, '--file', bad]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.split('\n').filter(Boolean)).toHaveLength(2);
    expect(stderr).toContain(`${bad}: Pod/default/b: ANNOTATION_UNKNOWN`);
  });

  it('tells where YAML is broken and never what stands there', async () => {
    const canary = 'password: hunter2-canary: [';
    const { code, stdout, stderr } = await runCli(cli, ['render'], `kind: Pod\n${canary}\n`);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^render: standard input:2:\d+: kubectl cannot read it: /);
    expect(stderr).not.toContain('canary');
  });

  it.each([
    [
      'alias bombs',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(40)}]\nc: &c [${'*b,'.repeat(40)}]\nd: [${'*c,'.repeat(40)}]\n`,
    ],
    ['an unknown alias', 'a: 1\nb: *nothing\n'],
    ['a tab as indentation', 'a:\n\tb: 1\n'],
  ])('refuses %s', async (_name, source) => {
    const { code, stdout, stderr } = await runCli(cli, ['render'], source);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/standard input:\d+:\d+: /);
  });

  it('reports where an alias without an anchor is', async () => {
    const { stderr } = await runCli(cli, ['render'], 'kind: Pod\nspec: {x: *nothing}\n');
    expect(stderr).toBe(
      'render: standard input:2:11: kubectl cannot read it: no anchor precedes the alias\n',
    );
  });

  it('separates files, also after a file without a final line feed', async () => {
    const files = ['kind: A', 'kind: B\n', '', 'kind: C'].flatMap((text, at) => [
      '-f',
      write(`join-${at}.yaml`, text),
    ]);
    const { stdout } = await runCli(cli, ['render', ...files]);
    expect(stdout).toBe('kind: A\n---\nkind: B\n---\n---\nkind: C');
  });

  it('says which file it cannot read', async () => {
    const { code, stderr } = await runCli(cli, ['render', '-f', path.join(folder, 'missing.yaml')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/missing\.yaml: cannot be read \(ENOENT\)\n$/);
  });

  it('takes the image from the variable that the webhook takes it from, and ignores the webhook’s other ones', async () => {
    const env = { SECRETS_INJECTOR_IMAGE: 'registry.example/x:9', SECRETS_INJECTOR_LISTEN_PORT: '8443' };
    const { stdout } = await runCli(cli, ['render'], `kind: Pod\n${template('')}\n`, env);
    expect(stdout).toContain('image: registry.example/x:9');
  });

  it('shows warnings beside the result', async () => {
    const source = `kind: Pod\nmetadata: {name: w, annotations: {secrets-injector.dev/file.x: "${ARN.slice(0, -7)}"}}\nspec: {containers: [{name: a}]}\n`;
    const { code, stderr } = await runCli(cli, ['render'], source);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: Pod\/default\/w: .*no suffix/);
  });
});
