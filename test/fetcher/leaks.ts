/** Everything that a run of the fetcher leaves for others to read, searched for what must not be there. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { spellings } from './canary.ts';
import { type Finished, type Stage, TOKEN_FILE } from './stage.ts';

/** Texts of the output, the termination message and all files but the token itself, by where they were found. */
export function readableAfter(finished: Finished, stage: Stage): ReadonlyMap<string, string> {
  const texts = new Map([
    ['stdout', finished.stdout],
    ['stderr', finished.stderr],
    ['termination message', finished.versions + finished.termination],
  ]);
  for (const entry of readdirSync(stage.root, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    texts.set(`name of ${file}`, entry.name);
    if (entry.isFile() && file !== stage.inRoot(TOKEN_FILE)) texts.set(file, readFileSync(file, 'latin1'));
  }
  return texts;
}

/** Where any of the values is found, in any spelling. */
export function leaksIn(texts: ReadonlyMap<string, string>, values: readonly string[]): readonly string[] {
  const needles = values.flatMap((value) => [...spellings(value)]);
  return [...texts]
    .filter(([, text]) => needles.some((needle) => text.includes(needle)))
    .map(([where]) => where);
}
