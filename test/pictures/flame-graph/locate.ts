/** Finds the functions of a bundle in the files of the project, by its source map. */
import { SourceMap, type SourceMapPayload } from 'node:module';
import type { Locate } from './call-tree.ts';

/** What Node.js finds, with a name that its types lack. */
interface Entry {
  readonly originalSource?: string;
  readonly name?: string;
}

/** @param bundle the name of the bundle @param sourceMap its content */
export function locateIn(bundle: string, sourceMap: string): Locate {
  const map = new SourceMap(JSON.parse(sourceMap) as SourceMapPayload);
  return ({ functionName, url, lineNumber, columnNumber }) => {
    const name = functionName === '' ? '(anonymous)' : functionName;
    if (!url.endsWith(`/${bundle}`)) return { name, source: url };
    const entry: Entry = map.findEntry(lineNumber, columnNumber);
    // esbuild's own functions are in no file.
    if (entry.originalSource === undefined) return { name, source: 'esbuild' };
    // The map has paths from the directory of the bundle.
    const source = entry.originalSource.replace(/^.*?\/(?=(?:src|node_modules)\/)/, '');
    // esbuild numbers functions of the same name; the map has the name that was written.
    const isNumbered = entry.name !== undefined && name.replace(/\d+$/, '') === entry.name;
    return { name: isNumbered ? entry.name : name, source };
  };
}
