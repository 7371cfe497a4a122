import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { expect, it } from 'vitest';
import { PatchBuilder, pointer } from '../../../../src/core/additions/patch.ts';

it('does to its working copy what a JSON Patch library does to the original', () => {
  const list = fc.constantFrom(
    ['a', 'list'],
    ['a', 'absent'],
    ['a', 'nothing'],
    ['b', 0, 'deep'],
    ['a/b~c', 'd'],
  );
  const step = fc.tuple(list, fc.integer({ min: 0, max: 6 }), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const original = {
        a: { list: [1, 2], nothing: null, future: { x: 1 } },
        b: [{ name: 'n' }],
        'a/b~c': { d: [] },
      };
      const before = JSON.stringify(original);
      const builder = new PatchBuilder(original);
      for (const [path, index, value] of steps) builder.insert(path, index, value);
      expect(JSON.stringify(original)).toBe(before);
      const operations = JSON.parse(JSON.stringify(builder.operations)) as jsonpatch.Operation[];
      const applied = jsonpatch.applyPatch(structuredClone(original), operations, true).newDocument;
      expect(JSON.parse(JSON.stringify(builder.document))).toEqual(JSON.parse(JSON.stringify(applied)));
    }),
  );
});

it('makes a missing list once, however many elements follow', () => {
  const builder = new PatchBuilder({ spec: {} });
  builder.append(['spec', 'volumes'], { name: 'one' });
  builder.append(['spec', 'volumes'], { name: 'two' });
  expect(builder.operations.map((operation) => operation.path)).toEqual([
    '/spec/volumes',
    '/spec/volumes/0',
    '/spec/volumes/1',
  ]);
  expect(builder.document).toEqual({ spec: { volumes: [{ name: 'one' }, { name: 'two' }] } });
});

it('does not share what it adds with the operation that made the list', () => {
  const builder = new PatchBuilder({});
  builder.append(['list'], 1);
  expect(builder.operations[0]).toEqual({ op: 'add', path: '/list', value: [] });
});

it('refuses a parent that is not there and a list that is none', () => {
  expect(() => new PatchBuilder({}).append(['spec', 'volumes'], 1)).toThrow(/spec to exist/);
  expect(() => new PatchBuilder({ spec: { volumes: {} } }).append(['spec', 'volumes'], 1)).toThrow(
    /to be a list/,
  );
});

it('escapes pointers', () => {
  expect(pointer(['a/b', 'c~d', 0])).toBe('/a~1b/c~0d/0');
});
