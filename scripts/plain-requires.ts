/**
 * Default imports of modules of Node.js as plain calls of `require`. For an import, esbuild copies the module, property by
 * property, in each file that has it: two milliseconds of each start of the fetcher.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Only whole lines, which the formatter of the project makes of these imports. */
const DEFAULT_IMPORT = /^import (\w+)(?:, \{ (?:type \w+,? )+\})? from '(node:[\w/]+)';$/gm;

export const PLAIN_REQUIRES: Plugin = {
  name: 'plain requires',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path: file }) => ({
      contents: (await readFile(file, 'utf8')).replace(DEFAULT_IMPORT, "const $1 = require('$2');"),
      loader: 'ts',
    }));
  },
};
