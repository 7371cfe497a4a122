/** SECURITY.md names tests for each threat, and each of them exists. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, readPage } from './page.ts';

const TEXT = readPage('SECURITY.md');
/** A file and a quoted name, which may be wrapped. */
const TESTS = [...TEXT.matchAll(/`(test\/[\w./-]+\.ts)`\s+"([^"]+)"/g)].map(([, file = '', name = '']) => ({
  file,
  name: name.replace(/\s+/g, ' '),
}));

it('names tests', () => expect(TESTS.length).toBeGreaterThan(30));

it.each(TESTS)('$file: $name', ({ file, name }) => {
  const absolute = path.join(ROOT, file);
  expect(existsSync(absolute), `${file} does not exist`).toBe(true);
  const text = readFileSync(absolute, 'utf8');
  const isThere = ["'", '"', '`'].some((quote) => text.includes(`${quote}${name}${quote}`));
  expect(isThere, `${file} has no test with this name`).toBe(true);
});

it('has a list of tests for each threat, and no other', () => {
  const threats = [...TEXT.matchAll(/^\| (T\d+) \|/gm)].map((match) => match[1]);
  const tested = [...TEXT.matchAll(/^- (T\d+): /gm)].map((match) => match[1]);
  expect(threats.length).toBeGreaterThan(15);
  expect(tested).toEqual(threats);
});
