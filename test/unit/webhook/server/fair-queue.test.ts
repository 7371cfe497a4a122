import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../../src/webhook/server/fair-queue.ts';

/** Takes longer than one turn may. */
function work(): void {
  const until = performance.now() + 6;
  while (performance.now() < until);
}

describe('work', () => {
  it('is done at once while there is time', () => {
    const queue = new FairQueue();
    const made: string[] = [];
    for (const name of ['a', 'b', 'c']) queue.add('10.0.0.1', 0.1, () => made.push(name));
    expect(made).toEqual(['a', 'b', 'c']);
  });

  it('waits for a turn of the event loop after an expensive one', async () => {
    const queue = new FairQueue();
    const made: string[] = [];
    for (const name of ['a', 'b', 'c'])
      queue.add('10.0.0.1', 16, () => {
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
  ])('that takes little time does not wait for expensive work of %s', async (_name, address) => {
    const queue = new FairQueue();
    const made: string[] = [];
    for (let index = 0; index < 20; index += 1)
      queue.add(address(index), 48, () => {
        work();
        made.push('large');
      });
    for (let index = 0; index < 3; index += 1) queue.add('10.0.0.1', 0.1, () => made.push('small'));
    await nextTurn();
    expect(made.slice(0, 4)).toEqual(['large', 'small', 'small', 'small']);
  });

  it('of an address with much comes in turn with that of another', async () => {
    const queue = new FairQueue();
    const made: string[] = [];
    const add = (address: string): boolean =>
      queue.add(address, 16, () => {
        work();
        made.push(address);
      });
    for (let index = 0; index < 10; index += 1) add('10.0.0.2');
    for (let index = 0; index < 3; index += 1) add('10.0.0.1');
    for (let turn = 0; turn < 8; turn += 1) await nextTurn();
    expect(made.slice(0, 8).filter((one) => one === '10.0.0.1')).toHaveLength(3);
  });

  it('counts at least its expected time', async () => {
    const queue = new FairQueue();
    let made = 0;
    for (let index = 0; index < 12; index += 1)
      queue.add('10.0.0.1', 1, () => {
        made += 1;
      });
    expect(made).toBe(5);
    await nextTurn();
    expect(made).toBe(10);
  });

  it('waits while connections arrive', async () => {
    // It waits for a limited time, which a busy machine may exceed.
    const queue = new FairQueue(() => 0);
    const made: string[] = [];
    for (const name of ['a', 'b', 'c']) queue.add('10.0.0.1', 16, () => made.push(name));
    queue.connected();
    await nextTurn();
    expect(made).toEqual(['a']);
    await nextTurn();
    expect(made).toEqual(['a', 'b']);
  });

  it('goes on after an error', async () => {
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
