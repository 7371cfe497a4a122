/** YAML that readers do not agree on, annotations that no pod will have, and several files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderText } from '../../src/cli/manifests/render-text.ts';
import { bundleCli, runCli } from './program.ts';

const SETTINGS = { image: 'registry.example/aws-secrets-injector:1' };
const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
const ANNOTATIONS = `annotations: {secrets-injector.dev/file.db.json: "${ARN}"}`;

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-render-yaml-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

function write(name: string, content: string | Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

const pod = (spec: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web, ${ANNOTATIONS}}\nspec:\n${spec}`;

/** Renders a text. @returns its lines without those of the source, with `-` before lines that are gone */
function changesOf(source: string): readonly string[] {
  const rendered = renderText(source, 'default', SETTINGS);
  if (!rendered.ok) throw new Error(rendered.problem.wrong);
  const before = source.split('\n');
  const after = rendered.value.text.split('\n');
  const gone = before.filter((line) => !after.includes(line)).map((line) => `-${line}`);
  const fetcher = after.findIndex((line) => line.includes('initContainers:'));
  const added = after.filter((line, index) => (fetcher < 0 || index < fetcher) && !before.includes(line));
  return [...gone, ...added];
}

const MOUNT = (margin: string) => [
  `${margin}volumeMounts:`,
  `${margin}  - name: aws-secrets`,
  `${margin}    mountPath: /run/secrets/aws`,
  `${margin}    readOnly: true`,
];

describe('merge keys and aliases', () => {
  it('a container that merges another one keeps the members that it inherits', () => {
    const source = pod(`  containers:
    - &app
      name: app
      image: shop/app:1
      volumeMounts: [{ name: data, mountPath: /data }]
    - <<: *app
      name: worker
  volumes:
    - { name: data, emptyDir: {} }
`);
    expect(changesOf(source).slice(0, 10)).toEqual([
      '-      volumeMounts: [{ name: data, mountPath: /data }]',
      '      volumeMounts: [{ name: data, mountPath: /data }, {"name": "aws-secrets", "mountPath": "/run/secrets/aws", "readOnly": true}]',
      '      volumeMounts:',
      '        - name: data',
      '          mountPath: /data',
      '        - name: aws-secrets',
      '          mountPath: /run/secrets/aws',
      '          readOnly: true',
      '    - name: aws-secrets',
      '      emptyDir:',
    ]);
  });

  it('an alias of a list that is changed is replaced, with quotes where kubectl needs them', () => {
    const source = `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations: {secrets-injector.dev/env.DB: "${ARN}:password"}
spec:
  containers:
    - name: app
      env: &common # common
        - { name: FEATURE, value: "yes" }
        - { name: AT, value: "12:30:45" }
    - name: worker
      env: *common # the same
  volumes:
    - name: key
      secret: { secretName: key, defaultMode: 0400 }
`;
    const rendered = renderText(source, 'default', { ...SETTINGS, native: { can: true, probe: false } });
    if (!rendered.ok) throw new Error(rendered.problem.wrong);
    const { text } = rendered.value;
    expect(text).toContain('defaultMode: 0400 }');
    expect(text).toContain('        - { name: FEATURE, value: "yes" }\n');
    expect(text).toContain(
      [
        '      env: # the same',
        '        - name: DB',
        '          valueFrom:',
        '            fileKeyRef:',
        '              volumeName: aws-secrets',
        '              path: env',
        '              key: DB',
        '        - name: FEATURE',
        '          value: "yes"',
        '        - name: AT',
        '          value: "12:30:45"',
      ].join('\n'),
    );
  });

  it('a merge key is written out where another container must not receive what is added', () => {
    const source = `kind: Pod
metadata: {name: web, annotations: {secrets-injector.dev/containers: app, secrets-injector.dev/file.db: "${ARN}"}}
spec:
  containers:
    - &app {name: app, image: a}
    - <<: *app
      name: worker
`;
    const rendered = renderText(source, 'default', SETTINGS);
    if (!rendered.ok) throw new Error(rendered.problem.wrong);
    expect(rendered.value.text).toContain('    - <<: {"name": "app", "image": "a"}\n      name: worker\n');
    expect(rendered.value.notes[0]).toContain('aliases were replaced');
  });

  it('a merge key that overrides an earlier key, as in kubectl', () => {
    const source = pod(`  containers:
    - &app {name: app, image: a, volumeMounts: [{name: v, mountPath: /v}]}
    - volumeMounts: [{name: w, mountPath: /w}]
      <<: *app
      name: worker
`);
    expect(changesOf(source).slice(2, 9)).toEqual([
      '      volumeMounts:',
      '        - name: v',
      '          mountPath: /v',
      '        - name: aws-secrets',
      '          mountPath: /run/secrets/aws',
      '          readOnly: true',
      '  volumes:',
    ]);
  });

  it.each([
    ['aliases', (at: number) => `[${`*a${at - 1},`.repeat(9)}]`],
    ['merge keys', (at: number) => `{<<: [${`*a${at - 1},`.repeat(9)}]}`],
  ])('%s that multiply the data are refused at once', (_name, level) => {
    const levels = Array.from(
      { length: 30 },
      (_, at) => `a${at}: &a${at} ${at === 0 ? '{x: 1}' : level(at)}\n`,
    );
    const rendered = renderText(levels.join(''), 'default', SETTINGS);
    expect(rendered).toMatchObject({
      ok: false,
      problem: { wrong: 'kubectl cannot read it: too many values come from aliases' },
    });
  });
});

describe('what kubectl takes', () => {
  it.each([
    [
      'a quoted scalar that is closed at the column of its key',
      '  containers:\n    - name: app\n      args: ["\n        echo one ;\n        echo two\n      "]\n',
    ],
    ['keys given twice', '  containers:\n    - name: x\n      name: app\n'],
    ['keys of other types', '  nodeSelector: {1: a, on: b, 0400: c}\n  containers:\n    - name: app\n'],
    [
      'an explicit folded key in a file that is indented by four',
      '    nodeSelector:\n        ? >-\n            a\n            b\n        : c\n    containers:\n    - name: app\n'.replaceAll(
        '    containers:\n    - name: app',
        '    containers:\n    - name: app # the application',
      ),
    ],
    ['tabs between tokens', '  containers:\n    - name:\tapp\t# tab\n      image: a\t\n'],
    ['comments without a blank', '  containers:\n    - name: "app"#c\n'],
  ])('%s', (_name, spec) => {
    const added = changesOf(pod(spec));
    expect(added.filter((line) => line.startsWith('-'))).toEqual([]);
    expect(added.map((line) => line.trim())).toEqual(
      expect.arrayContaining(MOUNT('').map((line) => line.trim())),
    );
  });

  it('reads the containers as kubectl does, whatever other readers make of them', () => {
    const rendered = renderText(pod('  containers: [{name:, image: a}]\n'), 'default', SETTINGS);
    // go-yaml reads the key "name:", so the container has no name.
    expect(rendered).toMatchObject({ ok: true, value: { objects: [{ outcome: { kind: 'denied' } }] } });
  });

  it.each([
    [
      'a pod without a kind in a typed list',
      `kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a, ${ANNOTATIONS}}\n  spec:\n    containers:\n    - name: app\n`,
    ],
    [
      'a list in a list',
      `kind: List\nitems:\n- kind: List\n  items:\n  - kind: Pod\n    metadata: {name: a, ${ANNOTATIONS}}\n    spec: {containers: [{name: app}]}\n`,
    ],
    [
      'a list of another kind',
      `kind: Bundle\nitems:\n- kind: Pod\n  metadata: {name: a, ${ANNOTATIONS}}\n  spec: {containers: [{name: app}]}\n`,
    ],
  ])('%s', (_name, source) => {
    const rendered = renderText(source, 'shop', SETTINGS);
    expect(rendered).toMatchObject({
      ok: true,
      value: { objects: [{ object: 'Pod/shop/a', outcome: { kind: 'injected' } }] },
    });
  });

  it('keeps numbers, escapes and double keys of JSON', () => {
    const source = `{
  "kind": "Pod",
  "metadata": {"name": "a\\u002db", "annotations": {"secrets-injector.dev/file.db": "${ARN}"}},
  "x": [12345678901234567890, 1.0, 1e2, "\\/"], "x": null,
  "spec": {
    "containers": [
      {
        "name": "app"
      }
    ]
  }
}
`;
    const rendered = renderText(source, 'default', SETTINGS);
    if (!rendered.ok) throw new Error(rendered.problem.wrong);
    const { text } = rendered.value;
    for (const line of source.split('\n')) expect(text).toContain(line);
    expect(text).toContain('        "name": "app",\n        "volumeMounts": [\n          {\n');
    expect(JSON.parse(text)).toHaveProperty('spec.initContainers.0.name', 'aws-secrets-fetch');
  });
});

describe('what render says and does not print', () => {
  it.each([
    [
      'a directive',
      '%YAML 1.2\n---\nkind: A\n',
      '1:1: kubectl cannot read it: kubectl does not accept directives ("%")',
    ],
    [
      'text beside a separator',
      'kind: A\n--- kind: B\n',
      '2:1: kubectl cannot read it: a line that starts with "---" can contain only a comment',
    ],
    ['a tab', 'a:\n\tb: 1\n', '2:1: kubectl cannot read it: a tab is used as indentation'],
    [
      'control characters',
      'a: "\u0007"\n',
      '1:5: kubectl cannot read it: kubectl does not accept control characters',
    ],
    [
      'infinity',
      'a: .inf\n',
      '1:4: kubectl cannot read it: JSON has no number for this value: put it in quotes if it is text',
    ],
    [
      'a layout without room',
      pod('  ? containers\n  ? volumes\n').replace('? containers', 'containers: [name: app]'),
      '1:1: render cannot add to this document',
    ],
  ])('%s', async (_name, source, told) => {
    const { code, stdout, stderr } = await runCli(cli, ['render'], source);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`render: standard input:${told}`);
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeffkind: Pod\n', 'utf16le'), 'is encoded in UTF-16: save it in UTF-8'],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x61, 0x3a, 0xff, 0x0a]),
      'is not valid UTF-8: save it in UTF-8',
    ],
  ])('%s', async (name, bytes, told) => {
    const file = write(`${name}.yaml`, bytes);
    const { code, stdout, stderr } = await runCli(cli, ['render', '-f', file]);
    expect([code, stdout, stderr]).toEqual([1, '', `render: ${file}: ${told}\n`]);
  });

  it('text that kubectl ignores', async () => {
    const { code, stderr } = await runCli(cli, ['render'], 'kind: A\n...\nkind: Pod\n---\n  kind: B\nx: 1\n');
    expect(code).toBe(0);
    expect(stderr).toBe(
      'note: standard input: kubectl ignores the text from line 3 to the next separator ("---")\n' +
        'note: standard input: kubectl ignores the text from line 6 to the next separator ("---")\n',
    );
  });

  it('files that are no stream together', async () => {
    const files = [write('two.json', '{"kind": "A"}\n{"kind": "B"}\n'), write('c.yaml', 'kind: C\n')];
    const { code, stdout, stderr } = await runCli(cli, ['render', ...files.flatMap((file) => ['-f', file])]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('kubectl cannot read these files as one stream');
  });
});

describe('annotations that no pod will have', () => {
  const run = async (source: string) => {
    const { code, stderr } = await runCli(cli, ['render'], source);
    expect(code).toBe(0);
    return stderr.replace(/^warning: standard input: /, '').trimEnd();
  };

  it.each(['Deployment', 'Rollout'])('on a %s instead of its template', async (kind) => {
    const source = `kind: ${kind}\nmetadata: {name: web, ${ANNOTATIONS}}\nspec: {template: {spec: {containers: [{name: a}]}}}\n`;
    expect(await run(source)).toBe(
      `${kind}/default/web: metadata.annotations has annotations of the injector, which reads those of pods only: move them to spec.template.metadata.annotations`,
    );
  });

  it('on a CronJob, in a list', async () => {
    const source = `kind: List\nitems:\n- kind: CronJob\n  metadata: {name: web, ${ANNOTATIONS}}\n  spec: {jobTemplate: {metadata: {${ANNOTATIONS}}, spec: {template: {spec: {containers: [{name: a}]}}}}}\n`;
    const told = (await run(source)).split('\n');
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(
      /CronJob\/default\/web: metadata\.annotations .*move them to spec\.jobTemplate\.spec\.template\.metadata\.annotations$/,
    );
    expect(told[1]).toContain('CronJob/default/web: spec.jobTemplate.metadata.annotations has');
  });

  it.each([
    [
      'ScaledJob',
      'jobTargetRef: {template: {metadata: {ANNOTATIONS}, spec: {containers: []}}}',
      'spec.jobTargetRef.template.metadata.annotations',
    ],
    [
      'Workflow',
      'templates: [{name: t, metadata: {ANNOTATIONS}, container: {image: a}}]',
      'spec.templates.0.metadata.annotations',
    ],
    ['Workflow', 'podMetadata: {ANNOTATIONS}', 'spec.podMetadata.annotations'],
    ['Alertmanager', 'podAnnotations: {secrets-injector.dev/inject: "true"}', 'spec.podAnnotations'],
  ])('in a %s, whose pods render does not find: %s', async (kind, spec, place) => {
    const source = `kind: ${kind}\nmetadata: {name: web}\nspec: {${spec.replace('ANNOTATIONS', ANNOTATIONS)}}\n`;
    expect(await run(source)).toBe(
      `${kind}/default/web: ${place} has annotations of the injector, but render finds no pod template in ${kind}: it adds nothing here; the webhook injects into the pods that are created with these annotations`,
    );
  });

  it('on a kind that render does not know, or that has no pods', async () => {
    expect(await run(`kind: ScaledJob\nmetadata: {name: web, ${ANNOTATIONS}}\n`)).toBe(
      'ScaledJob/default/web: metadata.annotations has annotations of the injector, which reads those of pods only; if ScaledJob creates pods, put them into its pod template',
    );
    expect(
      await run(
        `kind: Namespace\nmetadata: {name: web, labels: {secrets-injector.dev/injection: enabled}}\n`,
      ),
    ).toBe('');
  });

  it.each(['Deployment', 'Rollout', 'DeploymentConfig', 'Service'])(
    'not for a template of a %s',
    async (kind) => {
      const source = `kind: ${kind}\nmetadata: {name: web}\nspec: {template: {metadata: {${ANNOTATIONS}}, spec: {containers: [{name: a}]}}}\n`;
      const { stdout, stderr } = await runCli(cli, ['render'], source);
      expect(stderr).toBe('');
      expect(stdout).toContain('aws-secrets-fetch');
    },
  );
});
