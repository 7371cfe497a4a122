import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { Bundles, wrapped } from '../../../src/executable/bundles.ts';

const SOURCES: Readonly<Record<string, string>> = {
  fetch: `exports.sum = require('/app/adder.cjs').sum; exports.sep = require('node:path').sep;
    exports.isMain = require.main === module; exports.again = () => require('/app/adder.cjs');`,
  adder: 'exports.sum = (a, b) => a + b; exports.loads = (globalThis.loads = (globalThis.loads ?? 0) + 1);',
  other: 'exports.half = (a) => a / 2;',
  broken: 'throw new Error("broken")',
};

function bundlesOf(caches: Readonly<Record<string, Buffer>> = {}): Bundles {
  return new Bundles(
    {
      source: (name) => (SOURCES[name] === undefined ? undefined : wrapped(Buffer.from(SOURCES[name]))),
      cache: (name) => caches[name],
    },
    createRequire(import.meta.url),
  );
}

it('bundles load each other, once, and modules of Node.js', () => {
  const exports = bundlesOf().load('fetch') as Record<string, unknown> & {
    sum(a: number, b: number): number;
    again(): Readonly<Record<string, unknown>>;
  };
  expect([exports.sum(1, 2), exports['sep'], exports['isMain']]).toEqual([3, '/', false]);
  expect([exports.again()['loads'], exports.again()['loads']]).toEqual([1, 1]);
});

it('a code cache that does not fit is ignored', () => {
  const bundles = bundlesOf({ other: Buffer.from('of another Node.js') });
  expect((bundles.load('other')['half'] as (a: number) => number)(4)).toBe(2);
  expect(bundles.scripts.get('other')?.cachedDataRejected).toBe(true);
});

it('a bundle that does not exist is told apart from one that fails', () => {
  expect(() => bundlesOf().load('demo')).toThrow(expect.objectContaining({ code: 'MODULE_NOT_FOUND' }));
  expect(() => bundlesOf().load('broken')).toThrow(/^broken$/);
});
