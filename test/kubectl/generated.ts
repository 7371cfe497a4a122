/** Texts and patches made at random. */
import fc from 'fast-check';
import { type AddOperation, PatchBuilder } from '../../src/core/additions/patch.ts';

/** Printed by failing tests; set it to repeat a run. */
export const SEED = Number(process.env['KUBECTL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const PIECES = [
  ...[
    'a',
    'b',
    'k: v',
    '- i',
    'a: &x {b: c}',
    '<<: *x',
    '[a, b]',
    '{"a": 1}',
    '- ',
    '-',
    '? ',
    '?',
    ': ',
    ':',
  ],
  ...['\n', '\n', '\n', '\n  ', '\n ', '\n    ', ' ', '  ', '\t', '\r\n', '\r', '\u0085', '\u2028', '\ufeff'],
  ...['"', "'", "''", '\\', '\\n', '\\x41', '\\/', "\\'", '[', ']', '{', '}', ', ', ',', '#', ' # c'],
  ...[
    '&x ',
    '*x',
    '*x ',
    '|',
    '>',
    '|-\n',
    '>+\n',
    '|2\n',
    '<<',
    '<<: ',
    '!!str ',
    '!!int ',
    '!t ',
    '! ',
    '!!bool ',
  ],
  ...[
    '---',
    '---\n',
    '...',
    '...\n',
    '%',
    '1',
    '0',
    '_',
    '0x1',
    '1.5',
    '.5',
    '1e3',
    'yes',
    'no',
    '~',
    'null',
  ],
  ...['.inf', '+', '@', '`', '=', 'é', '😀', '12:30', '2001-01-01', '0b1', '0o7', '08'],
];

const BASES = [
  'a: 1\nb:\n  - c: d\n    e: [f, {g: h}]\n  - |\n    text\n    more\nk: "q\n  r"\n',
  'x: &x\n  a: 1\n  b: [1, 2]\nyy:\n  <<: *x\n  c: *x\nz: [*x, {<<: *x}]\n',
  '{"a": {"b": [1, 2.0, "x\\n"]}}\n---\na: \'b\'\n',
  'a:\n- b\n- c: >-\n    d\n\n    e\n  f: plain\n    text\n? key\n: val\n',
  'a: &l\n- &m {b: c}\n- d: &e\n    f: g\nh: *l\ni:\n- *m\n- <<: *e\n  j: ~\n- <<: [*e, *m]\nk:\n',
  '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {}\n}\n',
  '- - a: b\n    c:\n    # x\n    - d\n  - e\n- f: |+\n\n   g\n\n\n',
  '? >-\n    a\n    b\n: c\n? - d\n: e\n',
  'x: &x\n  a: {b: 1}\nz:\n  a: {c: 2}\n  <<: *x\n  d:\n    e: 1\n',
  'a:\n    - b:\n        c: [d,\n  e]   # f\n      # g\n\n    # h\n    - i\nj: {\n  k: l,\n}\n',
];

const soup = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 14 })
  .map((parts) => parts.join(''));

const edit = fc.record({ at: fc.nat(), remove: fc.nat(2), piece: fc.option(fc.constantFrom(...PIECES)) });

/** Documents with none to three small changes, sometimes with the line ends of Windows. */
const mutant = fc
  .tuple(fc.constantFrom(...BASES), fc.array(edit, { maxLength: 3 }), fc.boolean())
  .map(([base, edits, isWindows]) => {
    let text = isWindows ? base.replaceAll('\n', '\r\n') : base;
    for (const { at, remove, piece } of edits) {
      const from = at % (text.length + 1);
      text = text.slice(0, from) + (piece ?? '') + text.slice(from + remove);
    }
    return text;
  });

/** Well-formed UTF-16 only: a file cannot contain anything else. */
export const anyText = fc.oneof(soup, mutant).filter((text) => text.isWellFormed());
export const anyMutant = mutant.filter((text) => text.isWellFormed());

const VALUES: readonly unknown[] = [
  { name: 'yes', value: '0400', n: 1, f: 1.5, e: {}, l: [] },
  'on',
  [
    'x: y',
    '# c',
    "it's",
    'a"b',
    'line\nline',
    '\u2028',
    '1_000',
    '12:30',
    '-',
    '',
    ' x',
    '~',
    '<<',
    '.5',
    '=',
  ],
  [
    '2001-01-01',
    'a\tb',
    '\u0085',
    '😀',
    '\u007f',
    '\ufeff',
    "'",
    '\\',
    'null',
    '0o17',
    'y',
    '1e3',
    '[',
    '*x',
    '&x',
  ],
  [],
  {},
  [[1, [2]], { k: null, y: true, '08': { a: [] } }],
  5,
];

/** Additions to a document, at places that its data has. @param choices numbers that choose them */
export function additions(data: unknown, choices: readonly number[]): readonly AddOperation[] {
  const builder = new PatchBuilder(data);
  for (const choice of choices) {
    const places = placesOf(builder.document, []);
    const place = places[choice % Math.max(places.length, 1)];
    if (place === undefined) continue;
    const value = VALUES[(choice >> 5) % VALUES.length];
    const { path, content } = place;
    if (Array.isArray(content) && path.length > 0)
      builder.insert(path, (choice >> 9) % (content.length + 1), value);
    else if (content === null && typeof path.at(-1) === 'string') builder.insertAll(path, 0, [value, 'x']);
    else if (typeof content === 'object' && content !== null && !Array.isArray(content))
      builder.setMember(path, `new${(choice >> 9) % 3}`, value);
  }
  return builder.operations;
}

interface Place {
  readonly path: readonly (string | number)[];
  readonly content: unknown;
}

function placesOf(content: unknown, path: Place['path']): readonly Place[] {
  if (content === null) return [{ path, content }];
  if (typeof content !== 'object' || path.length > 12) return [];
  const members = Array.isArray(content) ? [...content.entries()] : Object.entries(content);
  return [{ path, content }, ...members.flatMap(([key, member]) => placesOf(member, [...path, key]))];
}
