/**
 * The content of secrets, and how each mode and format delivers it: the first table of docs/reference/values.md.
 * Values pass through the whole renderer; the tier `readers` reads the result with the real programs.
 */
import type { Selection } from '../../src/core/plan/plan.ts';
import type { FetchCode } from '../../src/core/problems/fetch-codes.ts';
import { dialectOf, WAYS } from '../readers/classes.ts';
import type { Way } from '../readers/reader.ts';
import { FETCHED_ROWS } from './absence.ts';
import { type Rendered, renderOne } from './render.ts';

export interface SecretSample {
  readonly secret: string | Uint8Array;
  readonly takes: Pick<Selection, 'key'>;
  /** The value that the application must receive; undefined if there is none. */
  readonly value: string | Uint8Array | undefined;
}

export interface SecretClass {
  readonly name: string;
  /** All samples have the same verdict in a mode or format. No samples: AWS does not return the secret. */
  readonly samples: readonly SecretSample[];
}

const KEY = { key: 'k' };
const WHOLE = {};
const keyed = (...values: readonly string[]): readonly SecretSample[] =>
  values.map((value) => ({ secret: JSON.stringify({ k: value }), takes: KEY, value }));
const whole = (...values: readonly (string | Uint8Array)[]): readonly SecretSample[] =>
  values.map((value) => ({ secret: value, takes: WHOLE, value }));
const member = (json: string, value = json): SecretSample => ({ secret: `{"k":${json}}`, takes: KEY, value });

export const SECRET_CLASSES: readonly SecretClass[] = [
  { name: 'empty', samples: [...keyed(''), ...whole('')] },
  { name: 'leading or trailing space', samples: [...keyed(' x', 'x '), ...whole(' x ')] },
  { name: 'single quote', samples: [...keyed("it's"), ...whole("'")] },
  { name: 'double quote', samples: [...keyed('say "x"'), ...whole('"')] },
  { name: 'both quotes', samples: keyed(`"it's"`) },
  { name: 'newline', samples: [...keyed('a\nb', 'x\n'), ...whole('a\nb\n')] },
  { name: 'CR LF', samples: [...keyed('a\r\nb'), ...whole('a\r\n')] },
  { name: 'NUL', samples: [...keyed('a\0b'), ...whole('\0')] },
  { name: '64 KiB on one line', samples: whole('x'.repeat(65_536)) },
  { name: 'non-ASCII text', samples: [...keyed('é日本'), ...whole('👩‍👩‍👧')] },
  {
    name: 'binary data, valid UTF-8',
    samples: [{ secret: new TextEncoder().encode('pâté'), takes: WHOLE, value: 'pâté' }],
  },
  {
    name: 'binary data, not valid UTF-8',
    samples: whole(new Uint8Array([0xff, 0xfe, 0]), new Uint8Array([0x30, 0x82])),
  },
  { name: 'unpaired surrogate', samples: [{ secret: '{"k":"\\ud800"}', takes: KEY, value: undefined }] },
  {
    name: 'number, with all its digits',
    samples: [member('12345678901234567890.50'), member('1e400'), member('-0')],
  },
  { name: 'true or false', samples: [member('true'), member('false')] },
  {
    name: 'object or array, as compact JSON',
    samples: [member('{ "a": [1, 2.0] }', '{"a":[1,2.0]}'), member('[ "x" ]', '["x"]')],
  },
  { name: 'null', samples: [{ secret: '{"k":null}', takes: KEY, value: undefined }] },
  { name: 'missing key', samples: [{ secret: '{"other":1}', takes: KEY, value: undefined }] },
  { name: 'missing secret', samples: [] },
];

/** The modes and formats, and a file with the value itself. */
export const OUTLETS = [...['native', 'shell'].filter(isWay), ...WAYS.filter(isOther), 'raw'] as const;
export type Outlet = Way | 'raw';

function isWay(way: string): way is Way {
  return (WAYS as readonly string[]).includes(way);
}

function isOther(way: Way): boolean {
  return way !== 'native' && way !== 'shell';
}

/** Renders one value in one mode or format: as the variable `V` of an env file, or as the file `f`. */
export function renderSample({ secret, takes }: SecretSample, outlet: Outlet): Rendered {
  if (outlet === 'raw') return renderOne({ files: [{ path: 'f', secret: 0, ...takes }] }, secret);
  const receivers =
    outlet === 'native' ? { native: ['app'], shell: [], file: [] } : { native: [], shell: [], file: ['app'] };
  return renderOne(
    { receivers, format: dialectOf(outlet), env: [{ name: 'V', secret: 0, ...takes }] },
    secret,
  );
}

/** @throws Error if the samples of a class have different verdicts: the class must be split */
export function verdictOn({ name, samples }: SecretClass, outlet: Outlet): 'exact' | FetchCode {
  const verdicts = new Set(
    samples.map((sample) => {
      const rendered = renderSample(sample, outlet);
      return 'codes' in rendered ? rendered.codes.join() : 'exact';
    }),
  );
  if (samples.length === 0) verdicts.add(FETCHED_ROWS[0]?.verdicts.required ?? '');
  const [verdict, ...others] = verdicts;
  if (verdict === undefined || others.length > 0)
    throw new Error(`${outlet}: the samples of class ${name} differ: ${[...verdicts].join(' and ')}`);
  return verdict as 'exact' | FetchCode;
}
