/** The lint command as a process: what it reads, writes, prints and exits with. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleCli, runCli } from './program.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const pod = (annotations: string, more = '') =>
  `kind: Pod\nmetadata:\n  name: web\n  annotations:\n${annotations}spec: { containers: [{ name: a, image: "a:1"${more} }] }\n`;
const RIGHT = `    secrets-injector.dev/file.db: "${ARN}"\n`;
const UNUSED = `    secrets-injector.dev/secret.old: "${ARN}"\n`;
const WRONG = `    secrets-injector.dev/files.db: "${ARN}"\n`;

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-lint-'));
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

function write(name: string, text: string | Buffer): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const lint = (args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}) =>
  runCli(cli, ['lint', ...args], input, env);

describe('the exit code', () => {
  it.each([
    ['nothing', pod(RIGHT), [], 0],
    ['an error', pod(WRONG), [], 1],
    ['an error, if nothing fails', pod(WRONG), ['--fail-on', 'never'], 0],
    ['an error of a disabled rule', pod(WRONG), ['--disable', 'IMAGE_UNPINNED,ANNOTATION_UNKNOWN'], 0],
    ['a warning', pod(RIGHT + UNUSED), [], 0],
    ['a warning, if it fails', pod(RIGHT + UNUSED), ['--fail-on', 'warning'], 1],
    ['a warning, if notes fail', pod(RIGHT + UNUSED), ['--fail-on', 'note'], 1],
    ['a broken document', `a: [b\n---\n${pod(RIGHT)}`, [], 3],
    ['a broken document and an error', `a: [b\n---\n${pod(WRONG)}`, [], 3],
    [
      'a plain-text password',
      pod(RIGHT, ', env: [{ name: PASSWORD, value: hunter2 }]'),
      ['--fail-on', 'warning'],
      1,
    ],
    [
      'a plain-text password that is not searched for',
      pod(RIGHT, ', env: [{ name: PASSWORD, value: hunter2 }]'),
      ['--fail-on', 'warning', '--detect-plain-text=false'],
      0,
    ],
    [
      'a pod for other clusters',
      pod(`    secrets-injector.dev/env.A: "${ARN}"\n`),
      ['--native-variables', 'off'],
      1,
    ],
    ['a pod for new clusters', pod(`    secrets-injector.dev/env.A: "${ARN}"\n`), [], 0],
  ])('for %s', async (_name, text, flags, code) => {
    const finished = await lint([...flags, '-'], text);
    expect([finished.code, finished.stderr]).toEqual([code, expect.stringMatching(/^lint: \d+ errors?, /)]);
    expect(finished.stdout + finished.stderr).not.toContain('hunter2');
  });

  it.each([
    ['an unknown flag', ['--fixx'], 'did you mean --fix?'],
    ['an unknown rule', ['--disable', 'ALIAS_UNUSE'], 'did you mean ALIAS_UNUSED?'],
    ['a fix of standard input', ['--fix'], 'cannot change standard input'],
    ['a policy that does not exist', ['--policy', '/nowhere'], '--policy: "/nowhere"'],
    [
      'a baseline that does not exist',
      ['--baseline', '/nowhere'],
      '--baseline: /nowhere cannot be read (ENOENT)',
    ],
    ['two baselines', ['--baseline', 'a', '--write-baseline', 'b'], 'cannot be combined'],
  ])('is 2 for %s', async (_name, args, message) => {
    const { code, stdout, stderr } = await lint(args);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
  });

  it('is 3 for a file that cannot be read, and the others are checked', async () => {
    const wrong = write('wrong.yaml', pod(WRONG));
    const { code, stdout, stderr } = await lint([path.join(folder, 'none.yaml'), wrong]);
    expect([code, stderr]).toEqual([3, expect.stringContaining('none.yaml: cannot be read (ENOENT)')]);
    expect(stdout).toContain('ANNOTATION_UNKNOWN');
    write('utf16.yaml', Buffer.from(`\ufeff${pod(WRONG)}`, 'utf16le'));
    expect((await lint([folder])).code).toBe(3);
  });
});

it('reads files with and without a flag, folders and standard input', async () => {
  const files = ['a.yaml', 'b.yml', 'dir/c.json', 'dir/deep/d.yaml'].map((name) =>
    write(
      name,
      name.endsWith('json')
        ? `{"kind":"Pod","metadata":{"annotations":{"secrets-injector.dev/x":"y"}},"spec":{"containers":[{"name":"a"}]}}`
        : pod(WRONG),
    ),
  );
  const [a = '', b = ''] = files;
  const { stdout } = await lint([a, '-f', b, '--', path.join(folder, 'dir'), '-'], pod(WRONG));
  const found = stdout
    .trimEnd()
    .split('\n')
    .map((line) => path.basename(line.split(':')[0] ?? ''));
  expect(found).toEqual(['a.yaml', 'b.yml', 'c.json', 'd.yaml', 'standard input']);
});

it('leaves out the templates of charts, and checks their values', async () => {
  write('chart/Chart.yaml', 'apiVersion: v2\nname: web\n');
  write('chart/templates/web.yaml', '{{ if .Values.x }}\nsecrets-injector.dev/nonsense: x\n{{ end }}\n');
  write('chart/values.yaml', 'podAnnotations:\n  secrets-injector.dev/nonsense: x\n');
  const { code, stdout, stderr } = await lint([folder]);
  expect([code, stdout.match(/\w+\.yaml/g)]).toEqual([1, ['values.yaml']]);
  expect(stderr).toContain('left out the templates of 1 chart');
});

describe('a baseline', () => {
  it('keeps what it contains from being reported, also on other lines', async () => {
    const file = write('web.yaml', pod(WRONG));
    const baseline = path.join(folder, 'baseline.json');
    expect(await lint([file, '--write-baseline', baseline])).toMatchObject({ code: 0, stdout: '' });
    expect(await lint([file, '--baseline', baseline])).toMatchObject({ code: 0, stdout: '' });
    write('web.yaml', `# moved\n${pod(RIGHT + WRONG)}`);
    expect(await lint([file, '--baseline', baseline])).toMatchObject({ code: 0, stdout: '' });
    write('web.yaml', pod(WRONG.replace('files', 'filez') + WRONG));
    const { code, stdout, stderr } = await lint([file, '--baseline', baseline]);
    expect([code, stdout.match(/ANNOTATION_UNKNOWN/g)]).toEqual([1, ['ANNOTATION_UNKNOWN']]);
    expect(stderr).toContain('1 in the baseline');
    write('other.yaml', pod(WRONG));
    expect((await lint([path.join(folder, 'other.yaml'), '--baseline', baseline])).code).toBe(1);
  });

  it.each(['', '[]', '{"version":2,"findings":[]}', '{"version":1,"findings":[{}]}'])(
    'is not %s',
    async (text) => {
      const baseline = write('baseline.json', text);
      expect(await lint(['--baseline', baseline])).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

describe('--fix', () => {
  it('changes files, reports what is left, and keeps modes and links', async () => {
    const file = write('web.yaml', pod(RIGHT + UNUSED));
    chmodSync(file, 0o640);
    const link = path.join(folder, 'link.yaml');
    symlinkSync(file, link);
    const other = write('other.yaml', pod(WRONG + UNUSED));
    const { code, stdout, stderr } = await lint([link, other, '--fix']);
    expect([code, stdout.match(/[A-Z]+_[A-Z]+/g)]).toEqual([1, ['ANNOTATION_UNKNOWN', 'ALIAS_UNUSED']]);
    expect(stderr).toContain('fixed 1 finding\n');
    expect(readFileSync(file, 'utf8')).toBe(pod(RIGHT));
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readFileSync(other, 'utf8')).toBe(pod(WRONG + UNUSED));
  });

  it('does not fix what is disabled', async () => {
    const file = write('web.yaml', pod(RIGHT + UNUSED));
    await lint([file, '--fix', '--disable', 'ALIAS_UNUSED']);
    expect(readFileSync(file, 'utf8')).toBe(pod(RIGHT + UNUSED));
  });
});

it.each([
  [
    'json',
    (text: string) =>
      expect(JSON.parse(text)).toMatchObject({ version: 1, results: [{ rule: 'ANNOTATION_UNKNOWN' }] }),
  ],
  [
    'sarif',
    (text: string) =>
      expect(JSON.parse(text)).toMatchObject({ runs: [{ results: [{ ruleId: 'ANNOTATION_UNKNOWN' }] }] }),
  ],
  [
    'junit',
    (text: string) => expect(text).toContain('<testsuite name="standard input" tests="1" failures="1"'),
  ],
  ['github', (text: string) => expect(text).toMatch(/^::error title=ANNOTATION_UNKNOWN::Pod\/shop\/web: /)],
  [
    'text',
    (text: string) => expect(text).toMatch(/^standard input:5:5: error ANNOTATION_UNKNOWN Pod\/shop\/web: /),
  ],
] as const)('prints %s', async (format, check) => {
  const { stdout } = await lint(['--format', format, '--namespace', 'shop'], pod(WRONG));
  check(stdout);
});

it('applies the policy of the operator', async () => {
  const policy = write(
    'policy.yaml',
    'rules:\n  - name: shop\n    namespaces: [shop]\n    accounts: ["444455556666"]\n',
  );
  const { code, stdout } = await lint(['--policy', policy, '--namespace', 'shop'], pod(RIGHT));
  expect([code, stdout]).toEqual([1, expect.stringContaining('POLICY_DENIED')]);
});

it('reads a file of many documents to its end', async () => {
  const documents = `${pod(RIGHT)}---\n`.repeat(10_000);
  const text = `${documents}${pod(WRONG)}`;
  const { code, stdout } = await lint(['-'], text);
  expect([code, stdout.match(/ANNOTATION_UNKNOWN/g)]).toEqual([1, ['ANNOTATION_UNKNOWN']]);
});
