/** Joins rendered files into one stream. */
import { isDeepStrictEqual } from 'node:util';
import { readDocuments } from '../yaml/documents.ts';

/**
 * Joins files with separators.
 * @returns undefined if kubectl would read other objects from the stream than from the files, for example because YAML
 * follows several JSON objects
 */
export function joinFiles(texts: readonly string[]): string | undefined {
  if (texts.length < 2) return texts[0] ?? '';
  const parts = texts.map((text, index) => (index === 0 ? text : text.replace(/^\ufeff/, '')));
  const last = parts.length - 1;
  // A separator needs a line of its own, also after a file without a final line feed.
  const joined = parts.map((text, at) => (at < last ? text.replace(/[^\n]$/, '$&\n') : text)).join('---\n');
  const expected = parts.flatMap((text) => dataOf(text) ?? []);
  return isDeepStrictEqual(dataOf(joined), expected) ? joined : undefined;
}

function dataOf(text: string): readonly unknown[] | undefined {
  const read = readDocuments(text.replace(/^\ufeff/, ''));
  return read.ok ? read.value.map(({ data }) => data).filter((data) => data !== undefined) : undefined;
}
