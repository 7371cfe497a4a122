import { expect, it } from 'vitest';
import type { CallFrame, CpuProfile } from '../../pictures/cpu-profile.ts';
import { callTree, type Frame } from '../../pictures/flame-graph/call-tree.ts';
import { drawFlameGraph } from '../../pictures/flame-graph/draw.ts';
import { sharesOf } from '../../pictures/flame-graph/kinds.ts';
import { locateIn } from '../../pictures/flame-graph/locate.ts';
import { textsOf } from './svg.ts';

const at = (functionName: string, url = '', lineNumber = 0): CallFrame => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
});

const PROFILE: CpuProfile = {
  startTime: 0,
  nodes: [
    { id: 1, callFrame: at('(root)'), children: [2, 3, 4, 8] },
    { id: 2, callFrame: at('(idle)') },
    { id: 3, callFrame: at('(garbage collector)') },
    { id: 4, callFrame: at('emit', 'node:events'), children: [5, 6] },
    { id: 5, callFrame: at('decide', 'src/core/decide.ts'), children: [7] },
    { id: 6, callFrame: at('decide', 'src/core/decide.ts') },
    { id: 7, callFrame: at('RegExp: a+') },
    { id: 8, callFrame: at('write', 'node:internal/streams/writable') },
  ],
  // The first two are before the window.
  samples: [8, 8, 5, 6, 7, 7, 2, 2, 3, 8],
  timeDeltas: Array.from({ length: 10 }, () => 10),
};
const WINDOW = { from: 25, to: 100 };
const asWritten = ({ functionName, url }: CallFrame) => ({ name: functionName, source: url });

const outline = ({ name, kind, self, total, children }: Frame): unknown => [
  `${name} ${kind} ${self}/${total}`,
  ...children.map(outline),
];

it('adds up the samples of a window, without the idle ones', () => {
  expect(outline(callTree(PROFILE, WINDOW, asWritten))).toEqual([
    '(root) program 0/6',
    ['emit node 0/4', ['decide decision 2/4', ['RegExp: a+ decision 2/2']]],
    ['(garbage collector) garbage 1/1'],
    ['write http 1/1'],
  ]);
});

it('gathers the calls of a function from everywhere', () => {
  const nodes = PROFILE.nodes.map((node) => (node.id === 8 ? { ...node, children: [9] } : node));
  const profile: CpuProfile = {
    ...PROFILE,
    nodes: [...nodes, { id: 9, callFrame: at('decide', 'src/core/decide.ts') }],
    samples: [...PROFILE.samples.slice(0, -1), 9],
  };
  const isDecide = ({ name }: { readonly name: string }) => name === 'decide';
  expect(outline(callTree(profile, WINDOW, asWritten, isDecide))).toEqual([
    '(root) program 0/6',
    ['decide decision 3/5', ['RegExp: a+ decision 2/2']],
    ['(garbage collector) garbage 1/1'],
  ]);
});

it('counts what each kind of code did itself, native code for its caller', () => {
  const shares = sharesOf(callTree(PROFILE, WINDOW, asWritten));
  expect(shares).toEqual({
    decision: 4 / 6,
    server: 0,
    libraries: 0,
    http: 1 / 6,
    node: 0,
    garbage: 1 / 6,
    program: 0,
  });
});

it('finds functions of a bundle in their files', () => {
  const sourceMap = JSON.stringify({
    version: 3,
    sources: ['../../srv/src/core/decide.ts', '../../srv/node_modules/pino/lib/tools.js'],
    names: ['decide'],
    // A line for a named function in the first file, and one for the second file.
    mappings: 'AAAAA;ACAA;ACAA',
  });
  const locate = locateIn('named.cjs', sourceMap);
  const url = 'file:///tmp/named.cjs';
  expect(locate(at('decide2', url))).toEqual({ name: 'decide', source: 'src/core/decide.ts' });
  expect(locate(at('other', url)).name).toBe('other');
  expect(locate(at('', url, 1))).toEqual({ name: '(anonymous)', source: 'node_modules/pino/lib/tools.js' });
  expect(locate(at('emit', 'node:events'))).toEqual({ name: 'emit', source: 'node:events' });
});

it('draws frames as wide as their shares, and leaves out small ones', () => {
  const frame = (name: string, total: number, children: readonly Frame[] = []): Frame => ({
    ...{ name, source: '', kind: 'node', total, children },
    self: total - children.reduce((sum, child) => sum + child.total, 0),
  });
  const root = frame('(root)', 1000, [frame('a<b>', 500), frame('rest', 498), frame('tiny', 2)]);
  const drawn = drawFlameGraph({ title: 'Time & load', root, notes: ['A note.'] });
  expect(textsOf(drawn)).toEqual(
    expect.arrayContaining(['Time & load', 'a<b>', 'rest', 'Rest of Node.js: 100.0 %', 'A note.']),
  );
  expect(drawn).toContain('<title>a&lt;b&gt;: 50.0 %</title><rect class="node" x="16" y="96" width="583.5"');
  expect(drawn).toContain('<title>rest: 49.8 %</title><rect class="node" x="600" y="96"');
  expect(drawn).not.toContain('tiny');
});
