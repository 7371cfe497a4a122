/**
 * `properties`: what java.util.Properties loads. All but printable ASCII is written as `\uXXXX`, in UTF-16 as
 * Java has it, so that load(InputStream), which reads ISO 8859-1, and load(Reader) come to the same.
 */

import { encodingFault, type LineDialect } from './line-dialect.ts';
import { unicodeEscape } from './unicode-escape.ts';

export const properties: LineDialect = {
  fault: (name, value) => encodingFault(name) ?? encodingFault(value),
  // In a value only the first blank needs an escape: from there on blanks belong to it.
  line: (name, value) => `${escaped(name, / /g)}=${escaped(value, /^ /g)}\n`,
};

function escaped(text: string, blanks: RegExp): string {
  return text
    .replaceAll(/[\\:=#!]/g, '\\$&')
    .replaceAll(blanks, '\\ ')
    .replaceAll(/[^ -~]/g, unicodeEscape);
}
