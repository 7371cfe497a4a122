import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { InFlight } from '../../../../src/webhook/server/in-flight.ts';
import { OpenAnswers } from '../../../../src/webhook/server/open-answers.ts';

const socket = () => new EventEmitter() as unknown as Socket;
const response = () => new EventEmitter() as unknown as ServerResponse;
const KIB = 1024;

function tracked(most: number) {
  const reset: Socket[] = [];
  return { reset, answers: new OpenAnswers(most, (one) => reset.push(one)) };
}

describe('answers that wait in the process', () => {
  it('reset their connections after the time limit, and no sooner', () => {
    const { reset, answers } = tracked(KIB);
    const [slow, done] = [socket(), socket()];
    const taken = response();
    answers.sent(slow, response(), 1);
    answers.sent(done, taken, 1);
    taken.emit('close');
    answers.resetSlow(60_000);
    expect(reset).toEqual([]);
    answers.resetSlow(-1);
    expect(reset).toEqual([slow]);
    answers.resetSlow(-1);
    expect(reset).toEqual([slow]);
  });
});

describe('answers that the kernel keeps', () => {
  it('reset the oldest connection beyond the limit', () => {
    const { reset, answers } = tracked(100 * KIB);
    const sockets = [socket(), socket(), socket()];
    for (const one of sockets) answers.sent(one, response(), 40 * KIB);
    expect(reset).toEqual([sockets[0]]);
  });

  it('do not count when they are small, taken, or closed', () => {
    const { reset, answers } = tracked(100 * KIB);
    const [one, other] = [socket(), socket()];
    for (let count = 0; count < 100; count += 1) answers.sent(one, response(), 16 * KIB);
    for (let count = 0; count < 5; count += 1) {
      answers.taken(other);
      answers.sent(other, response(), 90 * KIB);
    }
    other.emit('close');
    answers.sent(one, response(), 90 * KIB);
    expect(reset).toEqual([]);
    expect(other.listenerCount('close')).toBe(0);
  });
});

describe('bytes in flight', () => {
  it('drop the oldest entry until the sum is within the limit, each once', () => {
    const bodies = new InFlight(100);
    const dropped: number[] = [];
    const entries = [0, 1, 2].map((index) => bodies.begin('x', () => dropped.push(index)));
    for (const entry of entries) entry.grow(40);
    expect(dropped).toEqual([0]);
    entries[0]?.grow(1000);
    entries[1]?.end();
    entries[2]?.grow(60);
    expect(dropped).toEqual([0]);
    entries[2]?.grow(1);
    expect(dropped).toEqual([0, 2]);
  });

  it('drop entries of the address with the most, however old those of others are', () => {
    const bodies = new InFlight(100);
    const dropped: string[] = [];
    const begin = (address: string, name: string) => bodies.begin(address, () => dropped.push(name));
    begin('10.0.0.1', 'old').grow(30);
    for (const name of ['first', 'second', 'third']) begin('10.0.0.2', name).grow(25);
    expect(dropped).toEqual(['first']);
  });
});
