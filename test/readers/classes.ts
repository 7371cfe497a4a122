/** Classes of values. The table in docs/reference/formats.md shows how each format handles them. */
import { DIALECTS, type Dialect, nativeFault, writeVariables } from '../../src/core/formats/index.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import type { Way } from './reader.ts';

export const WAYS: readonly Way[] = [...DIALECTS, 'native'];

export interface ValueClass {
  readonly name: string;
  /** Each dialect carries all of them, or none. */
  readonly samples: readonly (string | Uint8Array)[];
}

const HALF_PAIR = '\ud800';
const PEM = `-----BEGIN THING-----\n${'QUJD'.repeat(16)}\n-----END THING-----\n`;

export const VALUE_CLASSES: readonly ValueClass[] = [
  {
    name: 'plain text',
    samples: ['hunter2', 'correct horse battery', 'a=b', '50%', '~', '!x', 'true', '007'],
  },
  { name: 'empty', samples: [''] },
  { name: 'leading or trailing space', samples: [' x', 'x ', '  x  ', ' '] },
  { name: 'tab', samples: ['a\tb', '\tx', 'x\t'] },
  { name: 'single quote', samples: ["it's", "'", "'x'", "' '"] },
  { name: 'double quote', samples: ['say "x"', '"x"', '"'] },
  { name: 'both quotes', samples: [`"it's"`, `'"'`] },
  { name: 'backslash', samples: ['C:\\dir', '\\n', '\\"', 'a\\ b'] },
  { name: 'two consecutive backslashes', samples: ['a\\\\b', '\\\\x'] },
  { name: 'backslash at the end', samples: ['a\\', '\\'] },
  { name: 'dollar sign', samples: ['$HOME', '$(id)', 'a$', '$$', '$1'] },
  { name: 'dollar sign before a brace', samples: ['$' + '{HOME}', 'a$' + '{x:-y}b'] },
  { name: 'backtick', samples: ['`id`', '`'] },
  { name: '`#`', samples: ['a #b', '#x', 'x#'] },
  { name: 'newline', samples: ['a\nb', 'x\n', '\n', PEM, 'a\nA=b\n#c\nd'] },
  { name: 'carriage return', samples: ['a\rb', '\rx'] },
  { name: 'carriage return at the end', samples: ['a\r', '\r'] },
  { name: 'carriage return before a newline', samples: ['a\r\nb', 'x\r\n'] },
  { name: 'NUL', samples: ['a\0b', '\0'] },
  { name: 'other control character', samples: ['\x01', '\x1b[0m', 'a\x0bb', '\x0c', '\x7f', '\x1c'] },
  {
    name: 'non-ASCII text',
    samples: ['é', 'e\u0301', '日本', '👩‍👩‍👧', '\ufeffx', 'x\u0085', '\u2028', '\u00a0x\u00a0'],
  },
  { name: 'Unicode noncharacter', samples: ['\uffff', '\ufdd0', '\u{1fffe}'] },
  { name: '64 KiB on one line', samples: ['x'.repeat(65_536)] },
  { name: '64 KiB in short lines', samples: [`${'x'.repeat(63)}\n`.repeat(1024)] },
  { name: 'unpaired surrogate', samples: [HALF_PAIR, `a${HALF_PAIR}b`] },
  { name: 'binary data', samples: [new Uint8Array([0xff, 0xfe]), new Uint8Array([0x30, 0x82, 0x01])] },
];

/** Why a way does not carry a value, undefined if it does. */
export function faultOf(way: Way, name: string, value: string | Uint8Array): string | undefined {
  const text = new SecretValue(value).revealText();
  if (text === undefined) return 'is not text';
  if (way === 'native') return nativeFault(name, text);
  const written = writeVariables(way, [{ name, value: text }]);
  return written.ok ? undefined : written.problem[0]?.fault;
}

/** @throws Error for a class of which a way carries a part: it should be two */
export function verdictOf(way: Way, valueClass: ValueClass): 'exact' | 'refused' {
  const faults = valueClass.samples.map((sample) => faultOf(way, 'NAME', sample));
  if (faults.every((fault) => fault === undefined)) return 'exact';
  if (faults.every((fault) => fault !== undefined)) return 'refused';
  throw new Error(`${way} carries a part of the class ${valueClass.name}`);
}

/** Kubelet reads files of the shell dialect. */
export function dialectOf(way: Way): Dialect {
  return way === 'native' ? 'shell' : way;
}
