/** What scripts/release refuses, and that it leaves nothing behind. The tier release makes a whole one. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-release-'));
const clone = path.join(folder, 'clone');
let base: string;

// Git copies and checks out the whole repository several times, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(() => {
  // The files as they are here, committed or not.
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone]);
  const changed = git(ROOT, 'ls-files', '--modified', '--others', '--exclude-standard', '-z');
  for (const file of changed.split('\0').filter(Boolean))
    execFileSync('cp', ['--parents', file, clone], { cwd: ROOT });
  for (const [key = '', value = ''] of Object.entries({
    'user.name': 'Test',
    'user.email': 'test@example.com',
    'commit.gpgSign': 'false',
  }))
    git(clone, 'config', key, value);
  git(clone, 'checkout', '--quiet', '-B', 'main');
  git(clone, 'add', '--all');
  git(clone, 'commit', '--quiet', '--allow-empty', '--message', 'test');
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(clone, 'node_modules'));
  base = git(clone, 'rev-parse', 'HEAD');
});

beforeEach(() => {
  git(clone, 'checkout', '--quiet', '--force', '-B', 'main', base);
  git(clone, 'clean', '--quiet', '--force', '-d');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
}

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run-release.ts', ...args], {
    cwd: clone,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** Everything that a release could leave behind. */
function state(): unknown {
  return {
    head: git(clone, 'rev-parse', 'HEAD'),
    branches: git(clone, 'branch', '--list'),
    status: git(clone, 'status', '--porcelain', '--ignored'),
    worktrees: git(clone, 'worktree', 'list', '--porcelain'),
    dist: spawnSync('ls', ['-A', path.join(clone, 'dist')], { encoding: 'utf8' }).stdout,
  };
}

describe('a dry run', () => {
  it('prints every place of the version, and changes nothing', () => {
    const before = state();
    const { status, stdout, stderr } = run('7.8.9', '--dry-run');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const files = [...stdout.matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, file]) => file);
    expect(files).toEqual(
      expect.arrayContaining([
        'CHANGELOG.md',
        'manifests/base/kustomization.yaml',
        'manifests/components/audit/kustomization.yaml',
        'manifests/components/rollout/kustomization.yaml',
        'package-lock.json',
        'package.json',
      ]),
    );
    const added = stdout.split('\n').filter((line) => line.startsWith('+') && line.includes('7.8.9'));
    expect(added).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\+## 7\.8\.9 \(\d{4}-\d\d-\d\d\)$/),
        '+    newTag: 7.8.9',
        '+  "version": "7.8.9",',
      ]),
    );
    expect(state()).toEqual(before);
  });

  it('leaves no other file with the old version', () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    const places = git(ROOT, 'grep', '--files-with-matches', '--fixed-strings', '--word-regexp', version)
      .split('\n')
      .filter((file) => !/go\.(?:mod|sum)$|^test\/|^scripts\/changelog\.ts$|^docs\//.test(file));
    const known = [
      ...['CHANGELOG.md', 'package.json', 'package-lock.json'],
      ...['base', 'components/audit', 'components/rollout'].map(
        (one) => `manifests/${one}/kustomization.yaml`,
      ),
    ];
    expect(places.filter((file) => ![...known, 'manifests/chart/Chart.yaml'].includes(file))).toEqual([]);
  });
});

describe('a release is refused', () => {
  it('in a working tree with changes', () => {
    writeFileSync(path.join(clone, 'new.txt'), '');
    expect(run('7.8.9', '--dry-run')).toMatchObject({
      status: 2,
      stderr: 'scripts/release: the working tree has changes: commit or stash them\n',
    });
  });

  it.each([
    ['1.2', 'is not a version such as 1.2.3'],
    ['../../../1.2.3', 'is not a version such as 1.2.3'],
  ])('for the version %s, and leaves nothing', (version, reason) => {
    const before = state();
    const { status, stderr } = run(version);
    expect(status).toBe(2);
    expect(stderr).toContain(reason);
    expect(state()).toEqual(before);
  });

  it('for a tag that exists', () => {
    git(clone, 'tag', 'v7.8.8');
    expect(run('7.8.8', '--dry-run').stderr).toContain('the tag v7.8.8 exists');
  });

  it('without a branch', () => {
    git(clone, 'checkout', '--quiet', '--detach');
    expect(run('7.8.9', '--dry-run').stderr).toContain('no branch is checked out');
  });

  it('with --tagged, if CHANGELOG.md does not contain the version', () => {
    expect(run('--tagged').stderr).toContain(
      'the newest version in CHANGELOG.md is not that of package.json',
    );
  });

  it.each([
    [['--tagged', '1.2.3']],
    [[]],
    [['1.2.3', '1.2.4']],
    [['--tagged', '--dry-run']],
    [['--publish']],
  ])('with the arguments %j', (args) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain('Usage: scripts/release VERSION');
  });
});

it.each(['SIGINT', 'SIGTERM'] as const)('%s during the build leaves nothing', async (signal) => {
  // A build that never ends by itself, with a process of its own.
  writeFileSync(
    path.join(clone, 'scripts/image'),
    '#!/usr/bin/env bash\necho started >&2\nsleep 600 & wait\n',
  );
  git(clone, 'commit', '--quiet', '--all', '--message', 'endless');
  const before = state();
  const child = spawn(process.execPath, ['scripts/run-release.ts', '7.8.9'], {
    cwd: clone,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data;
    if (said === 'started\n') child.kill(signal);
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  // stderr closes only after the process of the build has ended.
  expect({ status, said }).toEqual({
    status: 2,
    said: `started\nscripts/release: stopped by ${signal}; nothing was changed\n`,
  });
  expect(state()).toEqual(before);
});

it('a build that fails leaves nothing', () => {
  writeFileSync(path.join(clone, 'scripts/image'), '#!/bin/sh\nexit 1\n');
  git(clone, 'commit', '--quiet', '--all', '--message', 'broken');
  const before = state();
  const { status, stderr } = run('7.8.9');
  expect(status).not.toBe(0);
  expect(stderr).toContain('scripts/image ended with 1');
  expect(state()).toEqual(before);
});
