/** Escapes that JSON, YAML and Java's properties share. */

/**
 * What JSON writes as it is and YAML does not take so, or drops or folds: beyond the characters that it calls
 * printable, what YAML 1.1 took for the end of a line, and the byte order mark. Source:
 * https://yaml.org/spec/1.2.2/#51-character-set
 */
export const NOT_PLAIN_IN_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** `\u` and the four digits of a UTF-16 unit. */
export function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
