import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../../src/webhook/server/fair-queue.ts';

const MIB = 1024 * 1024;

/** Takes longer than one turn may. */
function work(): void {
  const until = performance.now() + 6;
  while (performance.now() < until);
}

describe('decisions', () => {
  it('are made at once while there is time', () => {
    const queue = new FairQueue();
    const made: string[] = [];
    for (const name of ['a', 'b', 'c']) queue.add('10.0.0.1', 1000, () => made.push(name));
    expect(made).toEqual(['a', 'b', 'c']);
  });

  it('wait for a turn of the event loop after an expensive one', async () => {
    const queue = new FairQueue();
    const made: string[] = [];
    for (const name of ['a', 'b', 'c'])
      queue.add('10.0.0.1', MIB, () => {
        work();
        made.push(name);
      });
    expect(made).toEqual(['a']);
    await nextTurn();
    expect(made).toEqual(['a', 'b']);
    await nextTurn();
    expect(made).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['one address', () => '10.0.0.2'],
    ['many addresses', (index: number) => `10.0.1.${index}`],
  ])('for small bodies do not wait for large ones of %s', async (_name, address) => {
    const queue = new FairQueue();
    const made: string[] = [];
    for (let index = 0; index < 20; index += 1)
      queue.add(address(index), 3 * MIB, () => {
        work();
        made.push('large');
      });
    for (let index = 0; index < 3; index += 1) queue.add('10.0.0.1', 6000, () => made.push('small'));
    await nextTurn();
    expect(made.slice(0, 4)).toEqual(['large', 'small', 'small', 'small']);
  });

  it('of an address with many come in turn with those of another', async () => {
    const queue = new FairQueue();
    const made: string[] = [];
    const add = (address: string): void =>
      queue.add(address, MIB, () => {
        work();
        made.push(address);
      });
    for (let index = 0; index < 10; index += 1) add('10.0.0.2');
    for (let index = 0; index < 3; index += 1) add('10.0.0.1');
    for (let turn = 0; turn < 8; turn += 1) await nextTurn();
    expect(made.slice(0, 8).filter((one) => one === '10.0.0.1')).toHaveLength(3);
  });

  it('go on after one that throws', async () => {
    const queue = new FairQueue();
    const made: string[] = [];
    expect(() =>
      queue.add('10.0.0.1', 1, () => {
        work();
        throw new Error('bug');
      }),
    ).toThrow('bug');
    queue.add('10.0.0.1', 1, () => made.push('next'));
    await nextTurn();
    expect(made).toEqual(['next']);
  });
});
