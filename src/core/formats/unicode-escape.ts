/** Escapes that JSON, YAML and Java's properties share. */

/**
 * Characters that JSON writes literally but YAML rejects, drops or folds: characters that are not printable in YAML, line
 * breaks of YAML 1.1, and the byte order mark. Source: https://yaml.org/spec/1.2.2/#51-character-set
 */
export const NOT_PLAIN_IN_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** `\u` and the four digits of a UTF-16 unit. */
export function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
