import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Entry, InFlight } from '../../../../src/webhook/server/in-flight.ts';

const MOST = 100;

/** Entries with names, and which of them gave way, in order. */
function tracked() {
  const dropped: string[] = [];
  const inFlight = new InFlight(MOST);
  const begin = (name: string, address = 'a'): Entry => inFlight.begin(address, () => dropped.push(name));
  return { dropped, begin };
}

describe('beyond the limit', () => {
  it('the oldest unfinished entry gives way, and no complete one', () => {
    const { dropped, begin } = tracked();
    const [complete, slow, next] = [begin('complete'), begin('slow'), begin('next')];
    complete.grow(40);
    complete.complete();
    slow.grow(30);
    next.grow(40);
    expect(dropped).toEqual(['slow']);
    next.grow(30);
    expect(dropped).toEqual(['slow', 'next']);
  });

  it('of complete entries, the newest gives way: the others are decided', () => {
    const { dropped, begin } = tracked();
    const entries = ['first', 'second', 'third'].map((name) => {
      const entry = begin(name);
      entry.grow(30);
      entry.complete();
      return entry;
    });
    entries[2]?.end();
    begin('other', 'b').grow(45);
    expect(dropped).toEqual(['second']);
  });

  it('of two addresses, the one with more bytes gives way', () => {
    const { dropped, begin } = tracked();
    begin('small', 'b').grow(20);
    begin('large').grow(85);
    expect(dropped).toEqual(['large']);
  });

  it('a burst of bodies is decided, apart from what exceeds the limit', () => {
    const { dropped, begin } = tracked();
    const bodies = Array.from({ length: 20 }, (_, index) => begin(`body ${index}`));
    for (const body of bodies) {
      body.grow(9);
      body.complete();
    }
    expect(dropped).toEqual(bodies.map((_, index) => `body ${index}`).slice(11));
  });
});

it('keeps no entry that has ended, even while the address has others', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const inFlight = new InFlight(1e9);
  inFlight.begin('a', () => undefined).grow(1);
  const ended = Array.from({ length: 50 }, () => {
    const body = { bytes: Buffer.alloc(1) };
    const entry = inFlight.begin('a', () => void body.bytes);
    entry.grow(1);
    entry.complete();
    entry.end();
    return new WeakRef(body);
  });
  // A WeakRef keeps its target until the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(ended.filter((one) => one.deref() !== undefined)).toEqual([]);
});

it('takes time in proportion to the number of entries, with gaps among the complete ones', () => {
  const { dropped, begin } = tracked();
  const first = begin('first');
  first.grow(10);
  first.complete();
  for (let index = 0; index < 100_000; index += 1) {
    const entry = begin(`entry ${index}`);
    entry.grow(50);
    entry.complete();
    entry.end();
  }
  begin('other', 'b').grow(95);
  expect(dropped).toEqual(['other']);
  begin('small', 'b').grow(5);
  begin('more').grow(90);
  expect(dropped).toEqual(['other', 'more']);
});
