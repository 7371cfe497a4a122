/** Changes in the text of manifests: only what goes and what comes is different, in every layout. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { unifiedDiff } from '../../../../src/cli/manifests/diff.ts';
import type { Splice } from '../../../../src/cli/manifests/lines.ts';
import { spliced } from '../../../../src/cli/manifests/lines.ts';
import { externalSecret, migrated, store } from '../../../migrate/migrated.ts';

const SOURCES = `${store()}${externalSecret('data: [{ secretKey: a, remoteRef: { key: app, property: a } }]')}`;
const REFERENCE = '{ secretKeyRef: { name: made, key: a } }';

/** The manifest after the migration, without the sources. */
function migratedText(manifest: string): { readonly text: string; readonly notes: readonly string[] } {
  const { files } = migrated(SOURCES + manifest);
  const [file] = files;
  if (file === undefined) throw new Error('no file');
  expect(file.migrated.startsWith(SOURCES)).toBe(true);
  return { text: file.migrated.slice(SOURCES.length), notes: file.notes };
}

const ANNOTATIONS = `secrets-injector.dev/secret.app: arn:aws:secretsmanager:eu-west-1:111122223333:secret:app
secrets-injector.dev/env.A: app:a`;
const ANNOTATED = `  annotations:\n${ANNOTATIONS.replaceAll(/^/gm, '    ')}\n`;

describe('a pod', () => {
  it.each([
    [
      'with comments and other variables',
      `# The pod
apiVersion: v1
kind: Pod
metadata:
  name: web # its name
spec:
  containers:
    - name: app
      command: ["sh"]   # with a shell
      env:
        # first
        - name: A # goes
          valueFrom:
            secretKeyRef: # from a Secret
              name: made
              key: a
        # second
        - {name: B, value: "1"}
`,
      `# The pod
apiVersion: v1
kind: Pod
metadata:
  name: web # its name
${ANNOTATED}spec:
  containers:
    - name: app
      command: ["sh"]   # with a shell
      env:
        # first
        # second
        - {name: B, value: "1"}
`,
    ],
    [
      'whose list of variables becomes empty, as the first member',
      `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - env:
    - name: A
      valueFrom: ${REFERENCE}
    image: shop/web:1
    name: app
    command: [sh]
`,
      `apiVersion: v1
kind: Pod
metadata:
  name: web
${ANNOTATED}spec:
  containers:
  - image: shop/web:1
    name: app
    command: [sh]
`,
    ],
    [
      'without a line feed at the end, whose last lines go',
      `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: app
    command: [sh]
    env:
    - name: A
      valueFrom: ${REFERENCE}`,
      `apiVersion: v1
kind: Pod
metadata:
  name: web
${ANNOTATED}spec:
  containers:
  - name: app
    command: [sh]
`,
    ],
    [
      'in flow style',
      `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: app, env: [{name: A, valueFrom: ${REFERENCE}}, {name: B, value: x}], command: [sh]}]}}
`,
      `{apiVersion: v1, kind: Pod, metadata: {name: web, "annotations": {"secrets-injector.dev/secret.app": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app", "secrets-injector.dev/env.A": "app:a"}}, spec: {containers: [{name: app, env: [{name: B, value: x}], command: [sh]}]}}
`,
    ],
    [
      'in flow style, with the last and the only element',
      `apiVersion: v1
kind: Pod
metadata:
  name: web
spec: {containers: [{name: app, command: [sh], env: [{name: B, value: x}, {name: A, valueFrom: ${REFERENCE}}]}, {name: other, env: [{name: B, valueFrom: {secretKeyRef: {name: foreign, key: a}}}]}]}
`,
      `apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    secrets-injector.dev/secrets: |
      - secret: arn:aws:secretsmanager:eu-west-1:111122223333:secret:app
        containers: [app]
        env:
          A: a
spec: {containers: [{name: app, command: [sh], env: [{name: B, value: x}]}, {name: other, env: [{name: B, valueFrom: {secretKeyRef: {name: foreign, key: a}}}]}]}
`,
    ],
  ])('%s', (_name, before, after) => {
    const { text, notes } = migratedText(before);
    expect(text).toBe(after);
    expect(notes).toEqual([]);
  });

  it('in JSON', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', annotations: {} },
      spec: {
        containers: [
          {
            name: 'app',
            command: ['sh'],
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'made', key: 'a' } } }],
          },
        ],
      },
    };
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        ...parseAllDocuments(SOURCES)
          .map((one) => one.toJS() as unknown)
          .filter((one) => one !== null),
        pod,
      ],
    };
    const [file] = migrated(JSON.stringify(list, undefined, 2)).files;
    const items = (JSON.parse(file?.migrated ?? '') as { items: readonly object[] }).items;
    expect(items.at(-1)).toEqual({
      ...pod,
      metadata: {
        name: 'web',
        annotations: {
          'secrets-injector.dev/secret.app': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:app',
          'secrets-injector.dev/env.A': 'app:a',
        },
      },
      spec: { containers: [{ name: 'app', command: ['sh'] }] },
    });
  });

  it('with aliases is printed anew, and the report says so', () => {
    const { text, notes } = migratedText(`apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - name: app
      command: [sh]
      env: &env # shared
        - { name: A, valueFrom: ${REFERENCE} }
        - { name: B, value: x }
    - name: other
      command: [sh]
      env: *env
`);
    const [pod] = parseAllDocuments(text).map((document) => document.toJS() as unknown);
    const env = [{ name: 'B', value: 'x' }];
    expect(pod).toMatchObject({
      spec: {
        containers: [
          { name: 'app', command: ['sh'], env },
          { name: 'other', command: ['sh'], env },
        ],
      },
    });
    expect(text).not.toContain('secretKeyRef');
    expect(notes).toEqual([
      expect.stringMatching(/^shop\.yaml: the document at line \d+ is printed anew, without its comments/),
    ]);
  });

  it('with line breaks of Windows keeps them', () => {
    const { text } = migratedText(
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: app\n      command: [sh]\n      env:\n        - { name: A, valueFrom: ${REFERENCE} }\n`.replaceAll(
        '\n',
        '\r\n',
      ),
    );
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  });
});

describe('the diff', () => {
  const TEXT = Array.from({ length: 30 }, (_value, index) => `line ${index}\n`).join('');
  const at = (line: number) => TEXT.indexOf(`line ${line}\n`);
  const cases: readonly (readonly [string, string, readonly Splice[]])[] = [
    ['whole lines that go', TEXT, [{ at: at(3), remove: at(5) - at(3), text: '' }]],
    ['lines that come', TEXT, [{ at: at(7), remove: 0, text: 'new\nlines\n' }]],
    ['a part of a line', TEXT, [{ at: at(7) + 2, remove: 2, text: 'X' }]],
    [
      'several parts of one line',
      TEXT,
      [
        { at: at(7) + 1, remove: 1, text: '' },
        { at: at(7) + 4, remove: 0, text: 'Y' },
      ],
    ],
    [
      'two places that are far apart',
      TEXT,
      [
        { at: at(1), remove: 0, text: 'a\n' },
        { at: at(25), remove: at(26) - at(25), text: '' },
      ],
    ],
    [
      'lines that go, and lines that come at their end',
      TEXT,
      [
        { at: at(4), remove: at(6) - at(4), text: '' },
        { at: at(6), remove: 0, text: 'b\n' },
      ],
    ],
    ['a line break that goes', TEXT, [{ at: at(9) - 1, remove: 1, text: ' ' }]],
    [
      'the first and the last line',
      TEXT,
      [
        { at: 0, remove: at(1), text: '' },
        { at: TEXT.length, remove: 0, text: 'end\n' },
      ],
    ],
    ['a last line without a line break', `${TEXT}last`, [{ at: TEXT.length, remove: 4, text: 'other' }]],
    ['a line break at the end', `${TEXT}last`, [{ at: TEXT.length + 4, remove: 0, text: '\nmore\n' }]],
  ];
  it.each(cases)('of %s is what git applies', (_name, before, splices) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-diff-'));
    const file = path.join(folder, 'a.yaml');
    writeFileSync(file, before);
    execFileSync('git', ['apply', '-p1', '--whitespace=nowarn', '-'], {
      cwd: folder,
      input: unifiedDiff('a.yaml', before, splices),
      env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
    });
    expect(readFileSync(file, 'utf8')).toBe(spliced(before, splices));
    rmSync(folder, { recursive: true });
  });

  it('of nothing is empty', () => {
    expect(unifiedDiff('a.yaml', TEXT, [])).toBe('');
  });
});
