/** Writes the type declarations of the library, and those of the files that they refer to. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from './bundled-packages.ts';

const RELATIVE = /(from '|import\(')(\.[^']*)\.ts(')/g;

/** @param outDir gets `library/index.d.ts`, and what it imports */
export function writeTypes(outDir: string): void {
  const all = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-types-'));
  try {
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', all];
    execFileSync(process.execPath, [
      compiler,
      '-p',
      path.join(ROOT, 'src/library/tsconfig.json'),
      '--rewriteRelativeImportExtensions',
      ...options,
    ]);
    const waiting = ['library/index'];
    const written = new Set<string>();
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (written.has(name)) continue;
      written.add(name);
      const file = path.join(all, `${name}.d.ts`);
      if (!existsSync(file)) throw new Error(`${name} has no declarations`);
      const text = readFileSync(file, 'utf8');
      const folder = path.dirname(name);
      waiting.push(...[...text.matchAll(RELATIVE)].map(([, , target = '']) => path.join(folder, target)));
      mkdirSync(path.join(outDir, folder), { recursive: true });
      writeFileSync(path.join(outDir, `${name}.d.ts`), text.replace(RELATIVE, '$1$2.js$3'));
    }
  } finally {
    rmSync(all, { recursive: true, force: true });
  }
}
