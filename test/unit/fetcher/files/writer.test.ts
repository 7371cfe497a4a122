import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RenderedView } from '../../../../src/core/render/render.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { writeViews } from '../../../../src/fetcher/files/writer.ts';
import { writeProblem } from '../../../../src/fetcher/process/report.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-volume-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function view(files: Readonly<Record<string, string | Uint8Array>>, mode = 0o440): RenderedView {
  const rendered = Object.entries(files).map(([name, content]) => ({
    path: name,
    content: new SecretValue(content),
    mode,
  }));
  const directories = [...new Set(Object.keys(files).flatMap((name) => name.split('/').slice(0, -1)))];
  return { volume: 'aws-secrets', directories, files: rendered };
}
const write = (files: Readonly<Record<string, string | Uint8Array>>, mode?: number) =>
  writeViews([{ folder, view: view(files, mode) }]);
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const modeOf = (name: string) => statSync(path.join(folder, name)).mode & 0o7777;

it('puts links to ..data at the top, and files with their mode behind', () => {
  const before = process.umask(0o077);
  try {
    expect(write({ env: "A='1'\n", 'tls/key': 'k' })).toBe(true);
  } finally {
    process.umask(before);
  }
  expect(readlinkSync(path.join(folder, 'env'))).toBe('..data/env');
  expect(readlinkSync(path.join(folder, 'tls'))).toBe('..data/tls');
  expect(readlinkSync(path.join(folder, '..data'))).toMatch(/^\.\.[a-z0-9]+\.[0-9a-f]{12}$/);
  expect([modeOf('env'), modeOf('tls/key'), modeOf('..data/'), modeOf('tls')]).toEqual([
    0o440, 0o440, 0o755, 0o755,
  ]);
});

it('keeps the set-group-id bit that fsGroup puts on a volume', () => {
  chmodSync(folder, 0o2777);
  write({ 'tls/key': 'k' });
  expect([modeOf('..data/'), modeOf('tls')]).toEqual([0o2755, 0o2755]);
});

it('writes nothing when all is there, and again when content, a mode, a name or a link differs', () => {
  write({ env: '1' });
  const link = readlinkSync(path.join(folder, '..data'));
  expect(write({ env: '1' })).toBe(false);
  expect(readlinkSync(path.join(folder, '..data'))).toBe(link);
  expect(write({ env: '2' })).toBe(true);
  expect(write({ env: '2' }, 0o444)).toBe(true);
  expect(write({ env: '2', more: '' }, 0o444)).toBe(true);
  rmSync(path.join(folder, 'env'));
  expect(write({ env: '2', more: '' }, 0o444)).toBe(true);
  expect([read('env'), read('more')]).toEqual(['2', '']);
  expect(readdirSync(folder)).toHaveLength(4);
});

it('removes names that the new set does not have, and leaves what is not its own', () => {
  write({ env: '1', gone: '1' });
  writeFileSync(path.join(folder, 'foreign'), 'f');
  write({ env: '2' });
  expect(
    readdirSync(folder)
      .filter((name) => !name.startsWith('..'))
      .toSorted(),
  ).toEqual(['env', 'foreign']);
});

it('follows no link that somebody planted', () => {
  const outside = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-outside-'));
  writeFileSync(path.join(outside, 'env'), '1', { mode: 0o440 });
  chmodSync(path.join(outside, 'env'), 0o440);
  symlinkSync(outside, path.join(folder, '..data'));
  symlinkSync(path.join(outside, 'env'), path.join(folder, 'env'));
  symlinkSync(outside, path.join(folder, '..data_tmp'));
  // Even the right content in the wrong place is not taken for ours.
  expect(write({ env: '1' })).toBe(true);
  expect(write({ env: '2' })).toBe(true);
  expect(readlinkSync(path.join(folder, 'env'))).toBe('..data/env');
  expect(readFileSync(path.join(outside, 'env'), 'utf8')).toBe('1');
  expect(readdirSync(outside)).toEqual(['env']);
  rmSync(outside, { recursive: true });
});

it.each(['env', '..data'])('refuses a directory where %s belongs before anything is changed', (name) => {
  mkdirSync(path.join(folder, name));
  let code: string | undefined;
  try {
    write({ env: '1' });
  } catch (error) {
    code = (error as NodeJS.ErrnoException).code;
  }
  expect(code).toBe('EISDIR');
  expect(readdirSync(folder)).toEqual([name]);
});

it('prepares every view before it shows any', () => {
  const second = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-volume-'));
  mkdirSync(path.join(second, 'env'));
  const views = [folder, second].map((one) => ({ folder: one, view: view({ env: '1' }) }));
  expect(() => writeViews(views)).toThrow();
  expect(readdirSync(folder)).toEqual([]);
  rmSync(path.join(second, 'env'), { recursive: true });
  writeViews(views);
  expect(readFileSync(path.join(second, 'env'), 'utf8')).toBe('1');
  rmSync(second, { recursive: true });
});

it('removes what a killed run left', () => {
  mkdirSync(path.join(folder, '..abc.0123/deep'), { recursive: true });
  writeFileSync(path.join(folder, '..abc.0123/deep/file'), 'half');
  symlinkSync('..abc.0123', path.join(folder, '..data_tmp'));
  write({ env: '1' });
  expect(existsSync(path.join(folder, '..abc.0123'))).toBe(false);
  expect(lstatSync(path.join(folder, '..data_tmp'), { throwIfNoEntry: false })).toBeUndefined();
});

it('names the class of a failed write, never its message', () => {
  const coded = (code: string) =>
    writeProblem(Object.assign(new Error(`${code}: secret path`), { code }), '/v');
  expect(coded('ENOSPC').code).toBe('WRITE_VOLUME_FULL');
  expect(coded('EDQUOT').code).toBe('WRITE_VOLUME_FULL');
  expect(coded('EROFS').code).toBe('WRITE_READ_ONLY');
  expect(coded('EACCES')).toMatchObject({ code: 'WRITE_FAILED', wrong: expect.stringContaining('(EACCES)') });
  expect(JSON.stringify(coded('EIO'))).not.toContain('secret path');
});

/** Mounts a real tmpfs on the volume; undefined, with the reason printed, where that is not allowed. */
function mountTmpfs(options: string): (() => void) | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
    return () => execFileSync('umount', ['-l', folder]);
  } catch {
    console.warn('skipped: mounting a tmpfs needs root in a mount namespace of its own');
    return undefined;
  }
}

it('a full volume: nothing new is visible, the old files stay, no leftovers', (context) => {
  const unmount = mountTmpfs('size=128k');
  if (unmount === undefined) return context.skip('no tmpfs can be mounted');
  try {
    write({ env: 'old' });
    const names = readdirSync(folder).toSorted();
    let code: string | undefined;
    try {
      write({ env: 'new', large: 'x'.repeat(300_000) });
    } catch (error) {
      code = (error as NodeJS.ErrnoException).code;
    }
    expect(code).toBe('ENOSPC');
    expect(read('env')).toBe('old');
    expect(readdirSync(folder).toSorted()).toEqual(names);
  } finally {
    unmount();
  }
});

it('no inode for a last link: nothing is changed', (context) => {
  const unmount = mountTmpfs('nr_inodes=8');
  if (unmount === undefined) return context.skip('no tmpfs can be mounted');
  try {
    write({ env: 'old' });
    const before = readdirSync(folder).toSorted();
    expect(() => write({ env: 'new', a: '', b: '', c: '' })).toThrow(/ENOSPC/);
    expect(read('env')).toBe('old');
    expect(readdirSync(folder).toSorted()).toEqual(before);
  } finally {
    unmount();
  }
});

it('a read-only volume', (context) => {
  const unmount = mountTmpfs('ro');
  if (unmount === undefined) return context.skip('no tmpfs can be mounted');
  try {
    expect(() => write({ env: '1' })).toThrow(/EROFS/);
  } finally {
    unmount();
  }
});
