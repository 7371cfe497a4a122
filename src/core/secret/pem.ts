/**
 * Splits a PEM bundle: certificates for one file, the private key for another. Textual encodings are those of RFC 7468;
 * headers inside a block are those of RFC 1421, which OpenSSL's encrypted keys still have.
 */
import { decodeBase64 } from './decode.ts';
import { SecretValue } from './secret-value.ts';

export const PEM_PARTS = ['certificates', 'private-key'] as const;

export type PemPart = (typeof PEM_PARTS)[number];

const LABELS: Readonly<Record<PemPart, ReadonlySet<string>>> = {
  certificates: new Set(['CERTIFICATE']),
  'private-key': new Set(['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']),
};

/**
 * Picks a part of a bundle. Blocks come byte for byte, each with a line feed at its end; what stands between blocks is
 * left out.
 * @returns the part, or what is wrong as words that follow "the value"
 */
export function pickPem(
  value: SecretValue,
  part: PemPart,
): { readonly content: SecretValue } | { readonly fault: string } {
  const text = value.revealText();
  if (text === undefined) return { fault: 'is not text' };
  const blocks = readPemBlocks(text);
  if ('fault' in blocks) return blocks;
  const picked = blocks.filter((block) => LABELS[part].has(block.label));
  if (picked.length === 0)
    return { fault: `holds no ${part === 'certificates' ? 'certificate' : 'private key'} in PEM` };
  if (part === 'private-key' && picked.length > 1)
    return { fault: `holds ${picked.length} private keys, not one` };
  return { content: new SecretValue(picked.map((block) => block.text).join('')) };
}

export interface PemBlock {
  /** What stands between BEGIN and the hyphens. */
  readonly label: string;
  /** From BEGIN to END as stored, with a line break at the end. */
  readonly text: string;
}

const BOUNDARY = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 #]*)-----[ \t]*$/;

/** @returns every block in order, or what is wrong as words that follow "the value" */
export function readPemBlocks(text: string): readonly PemBlock[] | { readonly fault: string } {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly lines: string[] } | undefined;
  // Each line keeps its end.
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const bare = line.replace(/\r?\n$/, '');
    const [, kind, label = ''] = BOUNDARY.exec(bare) ?? [];
    if (kind === undefined && bare.includes('-----')) return { fault: lineFault(bare) };
    if (kind === 'BEGIN') {
      if (open !== undefined) return { fault: unended(open.label) };
      open = { label, lines: [] };
    }
    open?.lines.push(line);
    if (kind !== 'END') continue;
    if (open?.label !== label) return { fault: 'holds an END line of PEM without its BEGIN line' };
    if (!isBody(open.lines.slice(1, -1))) return { fault: `holds a damaged block of PEM${shown(label)}` };
    blocks.push({ label, text: endLine(open.lines.join('')) });
    open = undefined;
  }
  return open === undefined ? blocks : { fault: unended(open.label) };
}

function unended(label: string): string {
  return `holds a block of PEM${shown(label)} without its END line`;
}

/** A label is told if it is a known one: any other may be the secret itself. */
function shown(label: string): string {
  return PEM_PARTS.some((part) => LABELS[part].has(label)) ? ` (${label})` : '';
}

/** What comes of a bundle that was pasted into a form or a shell. */
function lineFault(line: string): string {
  if (line.includes('\\n'))
    return 'holds PEM with \\n in place of line breaks: store it as JSON text, or with real line breaks';
  return 'holds PEM whose BEGIN and END do not stand on lines of their own: line breaks were lost when it was stored';
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
