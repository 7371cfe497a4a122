/** Writes data as YAML that kubectl reads as that data, and as JSON. */
import { resolvePlain } from '../yaml/resolve.ts';

/** How many columns a document indents. */
export interface Indentation {
  readonly map: number;
  /** 0 if dashes are below the key. */
  readonly list: number;
}

/** The lines of a list or a map in block style, without the indentation of the first column. */
export function blockLines(value: unknown, indentation: Indentation): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((element) => {
      const [first = '', ...others] = isBlock(element)
        ? blockLines(element, indentation)
        : [flowText(element)];
      return [`- ${first}`, ...others.map((line) => `  ${line}`)];
    });
  return Object.entries(value as object).flatMap(([key, member]) => memberLines(key, member, indentation));
}

/** The lines of a member of a map in block style. */
export function memberLines(key: string, value: unknown, indentation: Indentation): readonly string[] {
  const name = scalarText(key);
  if (typeof value === 'string' && isReadableAsBlock(value)) {
    const margin = ' '.repeat(indentation.map);
    return [
      `${name}: |`,
      ...value
        .trimEnd()
        .split('\n')
        .map((line) => margin + line),
    ];
  }
  if (!isBlock(value)) return [`${name}: ${flowText(value)}`];
  const margin = ' '.repeat(Array.isArray(value) ? indentation.list : indentation.map);
  return [`${name}:`, ...blockLines(value, indentation).map((line) => margin + line)];
}

/** Whether a string of several lines means the same as a literal block, which people can read. */
function isReadableAsBlock(text: string): boolean {
  return /^[!-~]/.test(text) && /^(?:[ -~]*[!-~]\n){2,}$/.test(text);
}

/** Whether a value needs lines of its own in block style. */
export function isBlock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** A value in one line. In flow collections, every string has quotes. */
export function flowText(value: unknown, isInFlow = false): string {
  if (Array.isArray(value)) return `[${value.map((element) => flowText(element, true)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    return `{${members.map(([key, member]) => `${quoted(key)}: ${flowText(member, true)}`).join(', ')}}`;
  }
  if (typeof value === 'string') return isInFlow ? quoted(value) : scalarText(value);
  return String(value);
}

/** A string, with quotes where kubectl would read another value without them. */
function scalarText(text: string): string {
  const isPlain = /^(?:-?[A-Za-z]|[0-9/_])[A-Za-z0-9/_.:@=+-]*$/.test(text) && !text.endsWith(':');
  if (isPlain && resolvePlain(text).type === 'str' && !/^[-+\d][\d:_.-]*$/.test(text)) return text;
  const isReadable = text.includes('"') && !/['\\]|[^ -~]/.test(text);
  return isReadable ? `'${text}'` : quoted(text);
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
