/**
 * The static tier: what the compiler and the linter cannot say. Each check prints what is wrong and what to do; the
 * exit code is 1 if any failed.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkBundles } from './check-bundles.ts';
import { checkImports } from './check-imports.ts';
import { checkText } from './check-text.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

export interface Check {
  readonly name: string;
  /** @returns one line for each thing that is wrong */
  readonly run: () => Promise<readonly string[]> | readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: 'rooms and import walls', run: () => checkImports(ROOT) },
  { name: 'bundle contents', run: () => checkBundles(ROOT) },
  { name: 'committed text', run: () => checkText(ROOT) },
  { name: 'lock file', run: () => checkLockFile(path.join(ROOT, 'package-lock.json')) },
];

/** A download address in the lock file would tie every clone to one registry. */
function checkLockFile(file: string): readonly string[] {
  const resolved = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"resolved"'));
  return resolved.length === 0
    ? []
    : [
        `package-lock.json contains ${resolved.length} download addresses; run npm install with the settings of .npmrc`,
      ];
}

let passed = 0;
let failed = 0;
for (const check of CHECKS) {
  const wrong = await check.run();
  if (wrong.length === 0) passed += 1;
  else failed += 1;
  process.stdout.write(
    `${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${check.name}\n${wrong.map((line) => `       ${line}\n`).join('')}`,
  );
}
process.stdout.write(`checks: ${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
