/** Which connection gives way to a new one. */
import { describe, expect, test } from 'vitest';
import { Clients, type Place } from '../../../../src/webhook/server/clients.ts';

const NOW = 100_000;

interface One {
  readonly name: string;
  readonly address: string;
  since: number;
  place: Place;
}

type Row = readonly [name: string, address: string, place: Place, age: number];

function clientsOf(rows: readonly Row[], trusted: readonly string[] = []): Clients<One> {
  const clients = new Clients<One>();
  for (const [name, address, place, age] of rows) clients.add({ name, address, place, since: NOW - age });
  for (const address of trusted) clients.trust(address);
  return clients;
}

/** Connections of a flood, each from an address of its own. */
const strangers = (count: number, place: Place, age: number): Row[] =>
  Array.from({ length: count }, (_, index) => [`stranger ${index}`, `10.0.${index}`, place, age]);

const many = (count: number, address: string, place: Place, age: number): Row[] =>
  Array.from({ length: count }, (_, index) => [`${address} ${index}`, address, place, age]);

describe('the connection that gives way', () => {
  const api: Row = ['the handshake of the API server', 'api', 'silent', 300];
  test.each<[string, readonly Row[], readonly string[], string | undefined]>([
    ['none', [], [], undefined],
    [
      'a request that waits for long, before an idle connection',
      [
        ['idle', 'a', 'idle', 90_000],
        ['busy', 'a', 'busy', 1_000],
      ],
      [],
      'busy',
    ],
    [
      'an idle connection, before a request that just began',
      [
        ['busy', 'a', 'busy', 900],
        ['idle', 'a', 'idle', 5],
      ],
      [],
      'idle',
    ],
    [
      'of the address with the most waiting connections',
      [['long', 'api', 'busy', 3_000], ...many(3, 'attacker', 'silent', 2_000)],
      [],
      'attacker 0',
    ],
    [
      'the longest waiting one, if those of the address with the most do not wait for long',
      [['long', 'a', 'silent', 3_000], ...many(3, 'b', 'busy', 500)],
      [],
      'long',
    ],
    // The only connection without a request is the API server's.
    [
      'not a handshake, if another address has more requests in progress',
      [api, ...many(9, 'attacker', 'busy', 200)],
      [],
      'attacker 0',
    ],
    [
      'not the oldest handshake, if its client received answers before',
      [api, ...strangers(9, 'silent', 200)],
      ['api'],
      'stranger 0',
    ],
    [
      'not a client that received answers before, although it has the most connections',
      [api, ...many(20, 'api', 'idle', 50_000), ...strangers(9, 'busy', 200)],
      ['api'],
      'stranger 0',
    ],
    [
      'a client that received answers, if it has many more than an API server',
      [...many(100, 'attacker', 'busy', 100), api],
      ['attacker'],
      'attacker 0',
    ],
  ])('%s', (_, rows, trusted, name) => {
    expect(clientsOf(rows, trusted).first(NOW)?.name).toBe(name);
  });
});

test('a connection counts until it is deleted, and once', () => {
  const clients = new Clients<One>();
  const one: One = { name: 'one', address: 'a', place: 'silent', since: 0 };
  clients.add(one);
  clients.move(one, 'busy', 5);
  expect([clients.size, one.place, one.since]).toEqual([1, 'busy', 5]);
  clients.delete(one);
  clients.delete(one);
  clients.move(one, 'idle', 9);
  expect([clients.size, one.place, clients.first(9)]).toEqual([0, 'busy', undefined]);
});

test('only the latest addresses are remembered', () => {
  const clients = clientsOf([['api', 'api', 'silent', 300], ...strangers(3, 'silent', 200)], ['api']);
  for (let index = 0; index < 1_024; index += 1) clients.trust(`other ${index}`);
  expect(clients.first(NOW)?.name).toBe('api');
});
