/**
 * `properties`: the format that java.util.Properties loads. Characters other than printable ASCII are written as
 * `\uXXXX` in UTF-16, so that load(InputStream), which reads ISO 8859-1, and load(Reader) return the same text.
 */
import { encodingFault, type LineDialect } from './line-dialect.ts';
import { unicodeEscape } from './unicode-escape.ts';

export const properties: LineDialect = {
  fault: (name, value) => encodingFault(name) ?? encodingFault(value),
  line: (name, value) => `${escapeProperty(name, 'all')}=${escapeProperty(value, 'leading')}\n`,
};

/**
 * Escapes a key or a value.
 * @param blanks which blanks to escape: in a value, only a leading blank is not part of the value
 */
export function escapeProperty(text: string, blanks: 'all' | 'leading'): string {
  return text
    .replaceAll(/[\\:=#!]/g, '\\$&')
    .replaceAll(blanks === 'all' ? / /g : /^ /g, '\\ ')
    .replaceAll(/[^ -~]/g, unicodeEscape);
}
