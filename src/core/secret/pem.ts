/**
 * Splits a PEM bundle: certificates for one file, the private key for another. Sources: RFC 7468 for the encoding, RFC 1421
 * for headers inside a block, which OpenSSL's encrypted keys have.
 */

import { failed, ok, type Result } from '../problems/result.ts';
import { decodeBase64 } from './decode.ts';
import { SecretValue } from './secret-value.ts';

export const PEM_PARTS = ['certificates', 'private-key'] as const;

export type PemPart = (typeof PEM_PARTS)[number];

const LABELS: Readonly<Record<PemPart, ReadonlySet<string>>> = {
  certificates: new Set(['CERTIFICATE']),
  'private-key': new Set(['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']),
};

/**
 * Picks a part of a bundle. Blocks are copied byte for byte, each with a line feed at its end; text between blocks is left
 * out.
 * @returns the part, or a fault that continues a sentence after the name of the secret
 */
export function pickPem(value: SecretValue, part: PemPart): Result<SecretValue, string> {
  const text = value.revealText();
  if (text === undefined) return failed('is not text');
  const blocks = readPemBlocks(text);
  if (!blocks.ok) return blocks;
  const picked = blocks.value.filter((block) => LABELS[part].has(block.label));
  if (picked.length === 0)
    return failed(`contains no PEM ${part === 'certificates' ? 'certificate' : 'private key'}`);
  if (part === 'private-key' && picked.length > 1)
    return failed(`contains ${picked.length} private keys, not one`);
  return ok(new SecretValue(picked.map((block) => block.text).join('')));
}

export interface PemBlock {
  /** The text between BEGIN and the hyphens. */
  readonly label: string;
  /** From BEGIN to END as stored, with a line break at the end. */
  readonly text: string;
}

const BOUNDARY = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 #]*)-----[ \t]*$/;

/** @returns all blocks in order, or a fault that continues a sentence after the name of the secret */
export function readPemBlocks(text: string): Result<readonly PemBlock[], string> {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly lines: string[] } | undefined;
  // Each line keeps its end.
  for (const stored of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    // Editors on Windows write a byte order mark, also at the start of each of several files that were joined.
    const line = stored.startsWith('\ufeff') ? stored.slice(1) : stored;
    const bare = line.replace(/\r?\n$/, '');
    const [, kind, label = ''] = BOUNDARY.exec(bare) ?? [];
    if (kind === undefined && /-----(?:BEGIN|END) /.test(bare)) return failed(lineFault(bare));
    if (kind === 'BEGIN') {
      if (open !== undefined) return failed(unended(open.label));
      open = { label, lines: [] };
    }
    open?.lines.push(line);
    if (kind !== 'END') continue;
    if (open?.label !== label) return failed('contains a PEM END line without its BEGIN line');
    if (!isBody(open.lines.slice(1, -1))) return failed(`contains a damaged PEM block${shown(label)}`);
    blocks.push({ label, text: endLine(open.lines.join('')) });
    open = undefined;
  }
  return open === undefined ? ok(blocks) : failed(unended(open.label));
}

function unended(label: string): string {
  return `contains a PEM block${shown(label)} without its END line`;
}

/** Only known labels are shown: another label may be the secret itself. */
function shown(label: string): string {
  return PEM_PARTS.some((part) => LABELS[part].has(label)) ? ` (${label})` : '';
}

/** The fault of a bundle that was pasted into a form or a shell. */
function lineFault(line: string): string {
  // A few characters at most: a pattern without a limit would be slow on long lines.
  const stripped = line
    .trim()
    .replace(/^["'\u200b]{1,3}/, '')
    .replace(/["',\u200b]{1,3}$/, '');
  if (BOUNDARY.test(stripped))
    return 'contains PEM with other characters around a BEGIN or END line; store it without indentation and quotes';
  if (line.includes('\\n'))
    return 'contains PEM with \\n instead of line breaks; store it as JSON text, or with real line breaks';
  return 'contains PEM whose BEGIN and END are not on separate lines; line breaks were lost when it was stored';
}

function isBody(lines: readonly string[]): boolean {
  const body = lines.join('');
  const headers = /^(?:[A-Za-z0-9-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n/.exec(body)?.[0] ?? '';
  const encoded = body.slice(headers.length);
  return encoded.trim() !== '' && decodeBase64(new SecretValue(encoded)) !== undefined;
}

function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
