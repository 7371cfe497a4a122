/**
 * The escapes of insertions. `json`, `yaml` and `shell` write a complete literal with quotes; the others write text that may
 * be part of a larger text.
 */
import { escapeProperty } from '../formats/properties.ts';
import { shellQuote } from '../formats/shell-file.ts';
import { NOT_PLAIN_IN_YAML, unicodeEscape } from '../formats/unicode-escape.ts';
import { compactJson, type JsonNode, nodeText } from '../secret/secret-json.ts';

export const ESCAPES = ['json', 'yaml', 'shell', 'url', 'properties', 'xml', 'raw'] as const;

export type Escape = (typeof ESCAPES)[number];

export function isEscape(name: string): name is Escape {
  return (ESCAPES as readonly string[]).includes(name);
}

/** Whether an escape adds quotes. */
export function addsQuotes(dialect: Escape): boolean {
  return dialect === 'json' || dialect === 'yaml' || dialect === 'shell';
}

export type Escaped =
  | { readonly kind: 'text'; readonly text: string }
  /** The escape cannot represent a class of characters. */
  | { readonly kind: 'unsupported'; readonly characters: string }
  | { readonly kind: 'too-long' };

/** Escapes a node. @param most the limit of its text in UTF-16 units, before escaping */
export function escapeNode(node: JsonNode, dialect: Escape, most: number): Escaped {
  const isJson = dialect === 'json' || dialect === 'yaml';
  const text = isJson ? compactJson(node, most) : nodeText(node, most);
  if (text === undefined) return { kind: 'too-long' };
  // In JSON, half of a pair is the escape \ud800, which readers interpret in different ways.
  if (!text.isWellFormed() || (isJson && HALF_AS_JSON.test(text)))
    return { kind: 'unsupported', characters: 'half of a surrogate pair' };
  switch (dialect) {
    case 'json':
    case 'raw':
      return { kind: 'text', text };
    case 'yaml':
      return { kind: 'text', text: text.replace(NOT_PLAIN_IN_YAML, unicodeEscape) };
    case 'shell':
      return text.includes('\0')
        ? { kind: 'unsupported', characters: 'a NUL character' }
        : { kind: 'text', text: shellQuote(text) };
    case 'url':
      return { kind: 'text', text: encodeURIComponent(text).replace(/[!'()*]/g, percentEscape) };
    case 'properties':
      return { kind: 'text', text: escapeProperty(text, 'all') };
    case 'xml':
      return NOT_XML.test(text)
        ? { kind: 'unsupported', characters: 'a control character' }
        : { kind: 'text', text: text.replace(/[&<>"'\t\n\r]/g, xmlEscape) };
  }
}

/** An escape for half of a pair, whose backslash is not itself escaped. */
const HALF_AS_JSON = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

// https://www.w3.org/TR/xml/#charsets
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is about control characters
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

function percentEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

const XML_NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** White space is escaped as well, because readers of attributes replace it by blanks. */
function xmlEscape(character: string): string {
  return XML_NAMES[character] ?? `&#${character.charCodeAt(0)};`;
}
