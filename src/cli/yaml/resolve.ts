/** The value of a scalar, as go-yaml 2 decides it: a mixture of YAML 1.1 and 1.2 (`resolve.go`). */

/** BigInt for integers beyond 2^53. */
export type Scalar = string | number | bigint | boolean | null;

/** A number is an integer or a float: as keys of a map, `1` and `1.0` differ. */
export interface Resolved {
  readonly type: 'str' | 'int' | 'float' | 'bool' | 'null' | 'timestamp';
  readonly value: Scalar;
}

const WORDS = new Map<string, Resolved>([
  ...words('bool', true, 'y Y yes Yes YES true True TRUE on On ON'),
  ...words('bool', false, 'n N no No NO false False FALSE off Off OFF'),
  ...words('null', null, '~ null Null NULL'),
  ['', { type: 'null', value: null }],
  ...words('float', Number.NaN, '.nan .NaN .NAN'),
  ...words('float', Number.POSITIVE_INFINITY, '.inf .Inf .INF +.inf +.Inf +.INF'),
  ...words('float', Number.NEGATIVE_INFINITY, '-.inf -.Inf -.INF'),
]);

function words(type: Resolved['type'], value: Scalar, list: string): [string, Resolved][] {
  return list.split(' ').map((word) => [word, { type, value }]);
}

const MOST = 2n ** 63n;
const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;

const YAML_TAGS = 'tag:yaml.org,2002:';

/** A plain scalar without a tag. */
export function resolvePlain(text: string): Resolved {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (/^[-+0-9.]/.test(text)) {
    const number = numberOf(text);
    if (number !== undefined) return number;
  }
  return { type: 'str', value: text };
}

/** A scalar with a tag. @returns undefined if its text is no such value */
export function resolveTagged(tag: string, text: string): Resolved | undefined {
  const name = tag.startsWith(YAML_TAGS) ? tag.slice(YAML_TAGS.length) : '';
  switch (name) {
    case 'timestamp':
      return TIMESTAMP.test(text) ? { type: 'timestamp', value: text } : undefined;
    case 'bool':
    case 'int':
    case 'null': {
      const resolved = resolvePlain(text);
      return resolved.type === name && !TIMESTAMP.test(text) ? resolved : undefined;
    }
    case 'float': {
      const resolved = resolvePlain(text);
      if (resolved.type === 'float') return resolved;
      if (resolved.type !== 'int') return undefined;
      return typeof resolved.value === 'bigint' && resolved.value >= MOST
        ? undefined
        : { type: 'float', value: Number(resolved.value) };
    }
    case 'binary': {
      const value = textOfBase64(text);
      return value === undefined ? undefined : { type: 'str', value };
    }
    default:
      return { type: 'str', value: text };
  }
}

function numberOf(text: string): Resolved | undefined {
  const plain = text.replaceAll('_', '');
  if (text.startsWith('.')) {
    const isBetweenDigits = !/(?<!\d)_|_(?!\d)/.test(text);
    return isBetweenDigits && FLOAT.test(plain) ? floatOf(plain) : undefined;
  }
  return integerOf(plain) ?? (FLOAT.test(plain) ? floatOf(plain) : undefined);
}

function floatOf(text: string): Resolved | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? { type: 'float', value } : undefined;
}

/** strconv.ParseInt and strconv.ParseUint with base 0, and binary numbers with a sign after their prefix. */
function integerOf(text: string): Resolved | undefined {
  const [, sign = '', digits] = INTEGER.exec(text.replace(/^0b(?=[-+])(.)/, '$10b')) ?? [];
  if (digits === undefined) return undefined;
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  const value = sign === '-' ? -magnitude : magnitude;
  if (value < -MOST || value >= (sign === '' ? 2n * MOST : MOST)) return undefined;
  return { type: 'int', value: exact(value) };
}

/** A number where it is exact. */
export function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function textOfBase64(text: string): string | undefined {
  const bare = text.replaceAll(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bare)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bare, 'base64'));
  } catch {
    return undefined;
  }
}
