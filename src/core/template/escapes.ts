/**
 * How an insertion is written for the place where it stands. `json`, `yaml` and `shell` write a whole literal, quotes
 * included; the others write what may stand between the user's own characters.
 */

import { NOT_PLAIN_IN_YAML, unicodeEscape } from '../formats/unicode-escape.ts';
import { compactJson, type JsonNode, nodeText } from '../secret/secret-json.ts';

export const ESCAPES = ['json', 'yaml', 'shell', 'url', 'properties', 'xml', 'raw'] as const;

export type Escape = (typeof ESCAPES)[number];

export function isEscape(name: string): name is Escape {
  return (ESCAPES as readonly string[]).includes(name);
}

/** Whether what is written brings its own quotes. */
export function bringsQuotes(dialect: Escape): boolean {
  return dialect === 'json' || dialect === 'yaml' || dialect === 'shell';
}

/** The text for an insertion; or the class of characters that the escape cannot carry; or that it is too long. */
export type Escaped = { readonly text: string } | { readonly cannot: string } | { readonly tooLong: true };

/** Writes a node. @param most length of its text in UTF-16 units, before escaping */
export function escapeNode(node: JsonNode, dialect: Escape, most: number): Escaped {
  const isJson = dialect === 'json' || dialect === 'yaml';
  const text = isJson ? compactJson(node, most) : nodeText(node, most);
  if (text === undefined) return { tooLong: true };
  // As JSON, half of a pair is the escape \ud800, which readers take for different things.
  if (!text.isWellFormed() || (isJson && HALF_AS_JSON.test(text)))
    return { cannot: 'half of a surrogate pair' };
  switch (dialect) {
    case 'json':
    case 'raw':
      return { text };
    case 'yaml':
      return { text: text.replace(NOT_PLAIN_IN_YAML, unicodeEscape) };
    case 'shell':
      return text.includes('\0') ? { cannot: 'a NUL' } : { text: `'${text.replaceAll("'", "'\\''")}'` };
    case 'url':
      return { text: encodeURIComponent(text).replace(/[!'()*]/g, percentEscape) };
    case 'properties':
      return { text: text.replace(NOT_PLAIN_PROPERTY, propertyEscape) };
    case 'xml':
      return NOT_XML.test(text)
        ? { cannot: 'a control character' }
        : { text: text.replace(/[&<>"'\t\n\r]/g, xmlEscape) };
  }
}

/** An escape for half of a pair, whose backslash is not itself escaped. */
const HALF_AS_JSON = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

// https://www.w3.org/TR/xml/#charsets
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

// java.util.Properties reads a stream as ISO 8859-1, and gives these a meaning in keys or at the start of values.
const NOT_PLAIN_PROPERTY = /[^!-~]|[\\=:#!]/g;

function percentEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function propertyEscape(unit: string): string {
  return /[ -~]/.test(unit) ? `\\${unit}` : unicodeEscape(unit);
}

const XML_NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** White space too: an attribute's reader would turn it into blanks. */
function xmlEscape(character: string): string {
  return XML_NAMES[character] ?? `&#${character.charCodeAt(0)};`;
}
