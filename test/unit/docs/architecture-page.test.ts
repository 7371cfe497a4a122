/** The source tree in docs/internals/architecture.md lists the folders of scripts/rooms.ts in the same order. */
import { expect, it } from 'vitest';
import { HOUSES } from '../../../scripts/rooms.ts';
import { readPage } from './page.ts';

const [, tree = ''] = /```\nsrc\/\n(.*?)```/s.exec(readPage('docs/internals/architecture.md')) ?? [];

function listed(): Readonly<Record<string, readonly string[]>> {
  const houses: Record<string, string[]> = {};
  let rooms: string[] = [];
  for (const [, indent = '', name = ''] of tree.matchAll(/^( +)(\S+?)\/? +\S/gm)) {
    if (indent.length > 2) rooms.push(name);
    else {
      rooms = [];
      houses[name] = rooms;
    }
  }
  return houses;
}

it('lists every folder, from top to bottom', () => {
  expect(listed()).toEqual(
    Object.fromEntries(Object.entries(HOUSES).map(([name, { rooms }]) => [name, rooms])),
  );
});
