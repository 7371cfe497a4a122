/** Where docs/reference/values.md says `exact`, programs have what the secret holds, from its JSON to the variable. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { renderSample, SECRET_CLASSES, verdictOn } from '../values/secret-classes.ts';
import { WAYS } from './classes.ts';
import type { Way } from './reader.ts';
import { findReaders, READERS } from './readers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HERE = await findReaders(READERS);

interface Expected {
  readonly class: string;
  readonly path: string;
  readonly names: readonly string[];
  readonly value: string;
}

function filesOf(way: Way): readonly Expected[] {
  const carried = SECRET_CLASSES.filter((one) => verdictOn(one, way) === 'exact');
  return carried.flatMap(({ name, samples }) =>
    samples.map((sample, index) => {
      const rendered = renderSample(sample, way);
      const text = 'files' in rendered ? rendered.files['env'] : undefined;
      if (typeof text !== 'string' || typeof sample.value !== 'string')
        throw new Error(`${way}: ${name} is no text`);
      const file = path.join(folder, `${way}-${name.replace(/\W/g, '-')}-${index}`);
      writeFileSync(file, text);
      return { class: name, path: file, names: ['V'], value: sample.value };
    }),
  );
}

describe.each(WAYS)('%s', (way) => {
  const files = filesOf(way);
  describe.each(READERS.filter((reader) => reader.reads === way))('$name', (reader) => {
    it.skipIf(!HERE.has(reader))('has the value of every class', async () => {
      const found = await reader.read(files);
      const had = files.map((file, index) => ({ class: file.class, found: found[index] }));
      expect(had).toEqual(files.map((file) => ({ class: file.class, found: { V: file.value } })));
    });
  });
});
