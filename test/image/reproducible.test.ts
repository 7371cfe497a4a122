/** The executable of dist/, built again elsewhere. The tier release compares whole images. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CACHED, EXECUTABLE } from '../../scripts/shipped.ts';
import { ROOT } from './built-image.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-reproducible-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('another folder, umask and time zone give the same bytes', () => {
  const copy = path.join(folder, 'a longer path/with a space');
  mkdirSync(copy, { recursive: true });
  for (const name of ['src', 'scripts', 'test/aws-fake', 'test/demo', 'package.json', 'tsconfig.json'])
    cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  execFileSync('sh', ['-c', 'umask 077; exec "$0" scripts/build.ts', process.execPath], {
    cwd: copy,
    env: { ...process.env, TZ: 'Asia/Tokyo', LC_ALL: 'C' },
  });
  for (const name of [...CACHED.map((bundle) => `${bundle}.cache`), EXECUTABLE]) {
    const [here, there] = [ROOT, copy].map((root) => readFileSync(path.join(root, 'dist', name)));
    expect(here?.equals(there ?? Buffer.alloc(0)), name).toBe(true);
  }
});
