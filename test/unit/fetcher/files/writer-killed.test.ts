import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contentsOf, writeSet } from '../../../fetcher/write-child.ts';

const SUPPORT = path.resolve(import.meta.dirname, '../../../fetcher');
let volume: string;
beforeEach(() => {
  volume = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-volume-'));
});
afterEach(() => rmSync(volume, { recursive: true, force: true }));

function write(which: string, killAt = 0) {
  const args = [
    '--require',
    path.join(SUPPORT, 'kill-at.cjs'),
    path.join(SUPPORT, 'write-child.ts'),
    volume,
    which,
  ];
  const env = { KILL_UNDER: volume, KILL_AT: String(killAt), KILL_WITH: 'SIGKILL' };
  const { status, signal, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  return { status, signal, steps: Number(/steps=(\d+)/.exec(stderr)?.[1] ?? 0) };
}

/** What an application sees: every file that can be read through the names without dots. */
function visible(): Readonly<Record<string, string>> {
  const seen: Record<string, string> = {};
  const look = (name: string) => {
    try {
      seen[name] = readFileSync(path.join(volume, name), 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EISDIR')
        for (const child of readdirSync(path.join(volume, name))) look(`${name}/${child}`);
      else if (code !== 'ENOENT') throw error;
    }
  };
  for (const name of readdirSync(volume)) if (!name.startsWith('..')) look(name);
  return seen;
}

function expectClean(names: readonly string[]): void {
  const found = readdirSync(volume);
  const hidden = found.filter((name) => name.startsWith('..') && name !== '..data');
  expect(hidden).toHaveLength(1);
  expect(found.filter((name) => !name.startsWith('..')).toSorted()).toEqual(names);
}

it.each([
  ['into an empty volume', false],
  ['over older files', true],
])(
  'killed at any step, %s, leaves old or new files, and the next run mends all',
  (_name, overOld) => {
    const prepare = () => {
      rmSync(volume, { recursive: true, force: true });
      volume = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-volume-'));
      if (overOld) writeSet(volume, 'old');
    };
    prepare();
    const { steps } = write('new');
    expect(steps).toBeGreaterThan(15);
    const sets = [overOld ? contentsOf('old') : {}, contentsOf('new')];
    for (let step = 1; step <= steps; step += 1) {
      prepare();
      expect(write('new', step)).toMatchObject({ signal: 'SIGKILL' });
      const seen = visible();
      // Every file that is seen belongs to one and the same set.
      const from = sets.filter((set) => Object.entries(seen).every(([name, text]) => set[name] === text));
      expect(from, `step ${step}: ${JSON.stringify(seen)}`).not.toHaveLength(0);
      writeSet(volume, 'new');
      expect(visible()).toEqual(contentsOf('new'));
      expectClean(['added', 'env', 'tls']);
    }
    // A process for each step, which takes long on a busy machine.
  },
  120_000,
);
