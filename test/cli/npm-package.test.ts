/** The npm package: packed, installed in another folder, and used as its users do. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { writeManPages } from '../../scripts/man-pages.ts';
import { buildNpmPackage } from '../../scripts/npm-package.ts';
import { installDebianPackage } from '../setup/debian-package.ts';
import { ROOT, readPage } from '../unit/docs/page.ts';

const PAGE = readPage('docs/reference/library.md');
const EXAMPLES = [...PAGE.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);

let folder: string;
let files: readonly string[];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-npm-'));
  await buildNpmPackage(path.join(folder, 'package'));
  const packed = JSON.parse(run('npm', ['pack', './package', '--json', '--ignore-scripts'])) as [
    { filename: string; files: readonly { path: string }[] },
  ];
  files = packed[0].files.map((file) => file.path);
  mkdirSync(path.join(folder, 'user'));
  writeFileSync(path.join(folder, 'user/package.json'), '{"type":"module"}');
  run('npm', ['install', '--offline', '--ignore-scripts', '--prefix', 'user', packed[0].filename]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function isHere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

function run(program: string, args: readonly string[], cwd = folder): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

it('contains the library, the command line, schemas and licenses, and nothing else', () => {
  const kinds = new Set(files.map((file) => file.replace(/^(lib\/(?:library|types)|man)\/.*$/, '$1/…')));
  expect([...kinds].toSorted()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'THIRD-PARTY-NOTICES.txt',
    'bin/aws-secrets-injector',
    'bin/kubectl-aws_secrets',
    'bin/kubectl_complete-aws_secrets',
    'lib/cli.cjs',
    'lib/inventory.cjs',
    'lib/library/…',
    'lib/types/…',
    'lib/x509.cjs',
    'man/…',
    'package.json',
    'schema/annotations.schema.json',
    'schema/manifest.schema.json',
    'schema/policy.schema.json',
  ]);
  const notices = readFileSync(path.join(folder, 'package/THIRD-PARTY-NOTICES.txt'), 'utf8');
  expect(notices).toMatch(/^zod \d/m);
  expect(notices).not.toMatch(/^fastify \d/m);
});

it('installs its commands, of which one is a plugin of kubectl, and no other package', () => {
  const bin = path.join(folder, 'user/node_modules/.bin');
  const path_ = { PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` };
  for (const name of ['aws-secrets-injector', 'kubectl-aws_secrets'])
    expect(execFileSync(path.join(bin, name), ['--version'], { encoding: 'utf8', env: path_ })).toBe(
      `${packageJson.version}\n`,
    );
  const completed = execFileSync(path.join(bin, 'kubectl_complete-aws_secrets'), ['rend'], {
    encoding: 'utf8',
    env: path_,
  });
  expect(completed).toBe('render\tprint manifests with the injection applied\n:4\n');
  const lock = JSON.parse(readFileSync(path.join(folder, 'user/package-lock.json'), 'utf8')) as {
    packages: object;
  };
  expect(Object.keys(lock.packages)).toEqual(['', 'node_modules/aws-secrets-injector']);
});

const hasGroff = isHere('groff') || ((await installDebianPackage('groff-base')) && isHere('groff'));
if (!hasGroff) process.stderr.write('the check of manual pages is skipped: groff could not be installed\n');
it.skipIf(!hasGroff)('the manual pages are valid, and list the flags of their commands', async () => {
  const man = path.join(folder, 'man');
  const pages = await writeManPages(man);
  expect(pages).toContain('aws-secrets-injector.1');
  for (const page of pages) {
    const result = spawnSync('groff', ['-man', '-Tascii', '-P-cbou', '-ww', path.join(man, page)], {
      encoding: 'utf8',
    });
    expect({ page, status: result.status, stderr: result.stderr }).toEqual({ page, status: 0, stderr: '' });
    const [, command] = /^aws-secrets-injector-(.*)\.1$/.exec(page) ?? [];
    if (command === undefined) continue;
    const bin = path.join(folder, 'user/node_modules/aws-secrets-injector/lib/cli.cjs');
    const help = run(process.execPath, [bin, command, '--help']);
    const flags = (text: string) => [...text.matchAll(/^ +(--[a-z][a-z-]*)/gm)].map(([, flag]) => flag);
    expect(flags(result.stdout)).toEqual(flags(help).filter((flag) => flag !== '--help'));
  }
});

it('the examples of the page are type-correct, and do what the page says', async () => {
  const user = path.join(folder, 'user');
  for (const [index, code] of EXAMPLES.entries()) writeFileSync(path.join(user, `example-${index}.ts`), code);
  writeFileSync(
    path.join(user, 'wrong.ts'),
    `import { annotations, secret } from 'aws-secrets-injector';
// @ts-expect-error a variable has no mode
annotations({ env: { A: secret('arn').key('a', { mode: '0400' }) } });
// @ts-expect-error no such option
annotations({ options: { 'mount-pat': '/x' } });
`,
  );
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022'];
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const sources = [...EXAMPLES.keys()].map((index) => `example-${index}.ts`);
  // Without types of Node.js and of the DOM.
  run(process.execPath, [compiler, ...strict, '--types', '', ...sources, 'wrong.ts'], user);

  const load = async (index: number) =>
    (await import(path.join(user, `example-${index}.ts`))) as Record<string, unknown>;
  const { deployment } = await load(0);
  const shown = /```yaml\n(.*?)```/s.exec(PAGE)?.[1] ?? '';
  const { parse } = await import('yaml');
  expect(
    (deployment as { spec: { template: { metadata: { annotations: unknown } } } }).spec.template.metadata
      .annotations,
  ).toEqual(parse(shown));
  expect((await load(2))['codesOf']).toSatisfy((codesOf: () => unknown) => {
    expect(codesOf()).toEqual(['REFERENCE_NAME_ONLY', 'ENV_NAME_INVALID']);
    return true;
  });
  const { decisions } = await load(4);
  expect(decisions).toMatchObject([{ object: 'Pod/default/web', outcome: 'denied', warnings: [] }]);
});

it('a bundler drops what a program does not use, and needs nothing of Node.js', async () => {
  const bundle = async (contents: string): Promise<string> => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: path.join(folder, 'user') },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      logLevel: 'silent',
    });
    return outputFiles[0]?.text ?? '';
  };
  const whole = await bundle("export * from 'aws-secrets-injector';");
  const small = await bundle("export { secret } from 'aws-secrets-injector';");
  expect(small.length).toBeLessThan(whole.length / 50);
  expect(small).not.toContain('zod');
});
