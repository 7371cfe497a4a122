/**
 * `yaml`: block mappings with all text in double quotes. Readers of YAML 1.1 and 1.2 read this in the same way, and no
 * text becomes a number, a boolean or a date.
 */
import { asArray, asObject } from '../json.ts';
import { numberText } from './document.ts';
import { NOT_PLAIN_IN_YAML, unicodeEscape } from './unicode-escape.ts';

/** A longer key is written as `? key`: a key before a colon has at most 1024 characters. */
const LONGEST_IMPLICIT_KEY = 128;

/** A float that readers of YAML 1.1 would read as text: no point, or an exponent without a sign. */
const UNTYPED_FLOAT = /^-?\d+(?:[eE][-+]?\d+|\.\d+[eE]\d+)$/;

/**
 * Writes the result of JSON.parse; numbers keep their digits.
 * @param document at most as deep as document.ts allows
 */
export function writeYaml(document: unknown): string {
  return isBlock(document) ? block(document, '') : `${scalar(document)}\n`;
}

function isBlock(node: unknown): boolean {
  if (numberText(node) !== undefined) return false;
  return (asArray(node) ?? Object.keys(asObject(node) ?? {})).length > 0;
}

function block(node: unknown, indent: string): string {
  const array = asArray(node);
  if (array !== undefined) return array.map((item) => `${indent}-${value(item, indent)}`).join('');
  return Object.entries(asObject(node) ?? {})
    .map(([name, member]) => `${indent}${key(name, indent)}:${value(member, indent)}`)
    .join('');
}

function value(node: unknown, indent: string): string {
  return isBlock(node) ? `\n${block(node, `${indent}  `)}` : ` ${scalar(node)}\n`;
}

function key(name: string, indent: string): string {
  // Ruby's reader treats even a quoted key of this name as a merge key, unless a tag says that it is text.
  if (name === '<<') return '!!str "<<"';
  const text = quoted(name);
  return text.length > LONGEST_IMPLICIT_KEY ? `? ${text}\n${indent}` : text;
}

function scalar(node: unknown): string {
  const number = numberText(node);
  if (number !== undefined) return UNTYPED_FLOAT.test(number) ? `!!float ${number}` : number;
  return typeof node === 'string' ? quoted(node) : JSON.stringify(node);
}

/** The escapes of JSON are valid in YAML. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(NOT_PLAIN_IN_YAML, unicodeEscape);
}
