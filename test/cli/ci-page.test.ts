/** docs/guides/ci.md: its commands run as written, and the files that it describes are those of the repository. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asArray, field, textField } from '../../src/core/json.ts';
import { ROOT, readPage } from '../unit/docs/page.ts';
import { bundleCli } from './program.ts';

const PAGE = readPage('docs/guides/ci.md');
const blocks = (language: string) =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, body = '']) => body);

const MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    metadata:
      annotations:
        secrets-injector.dev/secret.old: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-AbCdEf"
        secrets-injector.dev/secrets: |
          - secret: arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf
            files: { db.json: {} }
    spec:
      containers: [{ name: app, image: registry.example/web:1 }]
`;
const POLICY = `rules:
  - name: shop
    namespaces: [shop]
    accounts: ["111122223333"]
`;

let cli: string;
let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-ci-'));
  for (const name of ['deploy', 'bin', 'scripts']) mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, 'policy.yaml'), POLICY);
  const program = (file: string, script: string) =>
    writeFileSync(path.join(folder, file), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const run = `exec '${process.execPath}' '${cli}' "$@"`;
  for (const file of ['bin/aws-secrets-injector', 'scripts/aws-secrets-injector']) program(file, run);
  for (const name of ['kustomize', 'helm']) program(`bin/${name}`, `cat '${folder}/deploy/web.yaml'`);
  env = { PATH: `${path.join(folder, 'bin')}:${process.env['PATH']}` };
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

function write(manifest: string): void {
  writeFileSync(path.join(folder, 'deploy/web.yaml'), manifest);
}

function bash(script: string, more: NodeJS.ProcessEnv = {}) {
  const args = ['-e', '-o', 'pipefail', '-c', script];
  return spawnSync('bash', args, { cwd: folder, env: { ...env, ...more }, encoding: 'utf8' });
}

it.each(blocks('sh').flatMap((block) => block.trimEnd().split('\n')))('%s', (command) => {
  write(MANIFEST);
  if (command.includes(' --baseline '))
    bash('aws-secrets-injector lint deploy/ --write-baseline lint-baseline.json');
  const right = bash(command);
  expect([right.status, right.status === 0 ? '' : right.stderr]).toEqual([0, '']);
  write(MANIFEST.replace('secrets-injector.dev/secret.old', 'secrets-injector.dev/secrets.old'));
  expect(bash(command).status).toBe(command.includes('--write-baseline') ? 0 : 1);
});

it('the problem matcher of VS Code finds the line inside of the YAML form', () => {
  const [, tasks = ''] = blocks('json');
  const matcher = field(asArray(field(JSON.parse(tasks), 'tasks'))?.[0], 'problemMatcher');
  const pattern = new RegExp(textField(field(matcher, 'pattern'), 'regexp') ?? '');
  write(MANIFEST.replace('files:', 'file:'));
  const { stdout } = bash(String(field(asArray(field(JSON.parse(tasks), 'tasks'))?.[0], 'command')));
  const found = stdout
    .trimEnd()
    .split('\n')
    .map((line) => pattern.exec(line)?.slice(1, 6));
  expect(found).toContainEqual(['deploy/web.yaml', '11', '13', 'error', 'SECRETS_ENTRY_INVALID']);
  expect(found).not.toContain(undefined);
});

describe('the hook for pre-commit', () => {
  const [hook] = asArray(parse(readPage('.pre-commit-hooks.yaml'))) ?? [];
  it('has the fields that pre-commit requires, and those of the page', () => {
    const [config] = blocks('yaml').filter((block) => block.includes('hooks:'));
    const [used] = asArray(field(asArray(field(parse(config ?? ''), 'repos'))?.[0], 'hooks')) ?? [];
    expect(field(hook, 'id')).toBe(field(used, 'id'));
    expect(Object.keys(hook as object)).toEqual([
      'id',
      'name',
      'description',
      'entry',
      'language',
      'files',
      'exclude',
    ]);
  });
  it('runs with the files that it selects', () => {
    const files = new RegExp(textField(hook, 'files') ?? '');
    const exclude = new RegExp(textField(hook, 'exclude') ?? '');
    const isSelected = (file: string) => files.test(file) && !exclude.test(file);
    expect(['deploy/web.yaml', 'a.yml', 'b.json'].every(isSelected)).toBe(true);
    expect(['chart/templates/web.yaml', 'templates/a.yaml', 'web.yaml.txt'].some(isSelected)).toBe(false);
    write(MANIFEST);
    expect(bash(`${textField(hook, 'entry')} deploy/web.yaml`).status).toBe(0);
    write(MANIFEST.replace('files:', 'file:'));
    expect(bash(`${textField(hook, 'entry')} deploy/web.yaml`).status).toBe(1);
  });
});

describe('the action for GitHub', () => {
  const action: unknown = parse(readFileSync(path.join(ROOT, '.github/actions/lint/action.yml'), 'utf8'));
  const [step] = asArray(field(field(action, 'runs'), 'steps')) ?? [];
  const inputs = field(action, 'inputs') as Readonly<Record<string, unknown>>;

  /** Runs the step as GitHub does: with the inputs in variables, by `bash --noprofile --norc -eo pipefail`. */
  function run(values: Readonly<Record<string, string>>) {
    const variables = Object.entries(field(step, 'env') as Readonly<Record<string, string>>).map(
      ([name, text]) => {
        const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text) ?? [];
        return [name, values[input] ?? String(field(inputs[input], 'default'))];
      },
    );
    const place = { GITHUB_ACTION_PATH: path.join(folder, '.github/actions/lint') };
    return bash(textField(step, 'run') ?? '', { ...Object.fromEntries(variables), ...place });
  }

  it('is a composite action whose inputs are the ones of the page', () => {
    expect(Object.keys(action as object)).toEqual(['name', 'description', 'inputs', 'runs']);
    expect([field(field(action, 'runs'), 'using'), field(step, 'shell')]).toEqual(['composite', 'bash']);
    for (const input of Object.values(inputs))
      expect(Object.keys(input as object)).toEqual(['description', 'default']);
    const [workflow = ''] = blocks('yaml').filter((block) => block.includes('actions/checkout'));
    const steps = asArray(field(field(field(parse(workflow), 'jobs'), 'lint'), 'steps')) ?? [];
    const used = Object.keys(field(steps[1], 'with') as object);
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(used));
    expect(textField(steps[1], 'uses')).toContain('/.github/actions/lint@v');
  });

  it('annotates, writes SARIF, and fails for errors', () => {
    mkdirSync(path.join(folder, '.github/actions/lint'), { recursive: true });
    write(MANIFEST);
    expect(run({ paths: 'deploy\npolicy.yaml' })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^::warning file=deploy\/web\.yaml,line=8,col=9,title=ALIAS_UNUSED::.*\n$/,
      ),
    });
    expect(run({ paths: 'deploy', 'fail-on': 'warning' }).status).toBe(1);
    expect(run({ paths: 'deploy', 'fail-on': 'warning', arguments: '--disable ALIAS_UNUSED' }).status).toBe(
      0,
    );
    write(MANIFEST.replace('files:', 'file:'));
    const failed = run({ paths: 'deploy', 'sarif-file': 'lint.sarif' });
    expect(failed).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('::error file=deploy/web.yaml,line=11'),
    });
    expect(JSON.parse(readFileSync(path.join(folder, 'lint.sarif'), 'utf8'))).toMatchObject({
      version: '2.1.0',
    });
    expect(run({ paths: 'deploy', arguments: '--nonsense', 'sarif-file': 'lint.sarif' }).status).not.toBe(0);
  });

  it('runs no text of an input', () => {
    const { status } = run({ paths: '$(touch pwned); touch pwned', arguments: '`touch pwned`' });
    expect(status).not.toBe(0);
    expect(bash('test -e pwned').status).toBe(1);
  });
});
