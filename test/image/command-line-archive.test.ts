/** The archive with the command line, unpacked and run without anything else of the machine. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { packCommandLine } from '../../scripts/command-line-archive.ts';
import { writeManPages } from '../../scripts/man-pages.ts';
import { ROOT } from './built-image.ts';

let folder: string;
const bin = (name: string): string => path.join(folder, 'aws-secrets-injector-test/bin', name);
const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { cwd: '/', env: { PATH: '/usr/bin:/bin' }, encoding: 'utf8' });

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-archive-test-'));
  await writeManPages(path.join(folder, 'man'));
  const archive = path.join(folder, 'archive.tar.gz');
  packCommandLine(archive, 'aws-secrets-injector-test', {
    executable: readFileSync(path.join(ROOT, 'dist/aws-secrets-injector')),
    man: path.join(folder, 'man'),
    licenses: { LICENSE: readFileSync(path.join(ROOT, 'LICENSE')) },
    time: 1_000_000_000,
  });
  execFileSync('tar', ['--extract', '--file', archive, '--directory', folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('brings its own Node.js', () => {
  expect(run(bin('aws-secrets-injector'), '--version')).toBe(`${packageJson.version}\n`);
  expect(run(bin('aws-secrets-injector'), 'describe', '--help')).toContain(
    'Usage: aws-secrets-injector describe',
  );
});

it('is a plugin of kubectl, also behind a link', () => {
  expect(run(bin('kubectl-aws_secrets'), '--version')).toBe(`${packageJson.version}\n`);
  const local = path.join(folder, 'local');
  mkdirSync(local);
  symlinkSync(bin('kubectl_complete-aws_secrets'), path.join(local, 'completer'));
  expect(run(path.join(local, 'completer'), 'rend')).toBe(
    'render\tprint manifests with the injection applied\n:4\n',
  );
});

it('contains manual pages, completion and licenses', () => {
  const files = run(
    'find',
    path.join(folder, 'aws-secrets-injector-test'),
    '-type',
    'f',
    '-printf',
    '%P %m\n',
  );
  expect(files.trim().split('\n')).toEqual(
    expect.arrayContaining([
      'bin/aws-secrets-injector 755',
      'licenses/LICENSE 644',
      'share/bash-completion/completions/aws-secrets-injector 644',
      'share/fish/vendor_completions.d/aws-secrets-injector.fish 644',
      'share/man/man1/aws-secrets-injector.1 644',
      'share/man/man1/aws-secrets-injector-render.1 644',
      'share/zsh/site-functions/_aws-secrets-injector 644',
    ]),
  );
});
