import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { field, textField } from '../../../src/core/json.ts';
import { makeClusterApi } from '../../../src/kubernetes/api-client.ts';
import { ListWatch } from '../../../src/kubernetes/list-watch.ts';
import { makeCertificate } from '../../aws-fake/index.ts';

const PATH = '/apis/x/v1/things';

interface Thing {
  readonly name: string;
  readonly color: string;
}

/** An API server that answers lists from its objects, and hands watches to the test. */
async function start(isOptional = false) {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-list-watch-'));
  const { cert, key, ca } = await makeCertificate();
  const [tokenFile, caFile] = [path.join(folder, 'token'), path.join(folder, 'ca')];
  writeFileSync(tokenFile, 'token');
  writeFileSync(caFile, ca);
  const state = {
    status: 200,
    objects: [] as object[],
    pageSize: 100,
    lists: 0,
    watches: [] as { readonly query: URLSearchParams; readonly response: ServerResponse }[],
  };
  const server: Server = createServer({ cert, key }, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'https://x');
    if (state.status !== 200) {
      response.writeHead(state.status).end('{}');
    } else if (searchParams.has('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      state.watches.push({ query: searchParams, response });
    } else {
      state.lists += 1;
      const from = Number(searchParams.get('continue') ?? 0);
      const to = from + state.pageSize;
      const next = to < state.objects.length ? { continue: String(to) } : {};
      const items = state.objects.slice(from, to);
      response.end(JSON.stringify({ metadata: { resourceVersion: '100', ...next }, items }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const place = { host: 'localhost', port: (server.address() as AddressInfo).port, tokenFile, caFile };
  const stop = new AbortController();
  const problems: string[] = [];
  const things = new ListWatch<Thing>({
    place,
    api: makeClusterApi(place),
    path: PATH,
    read: (object) => {
      const color = textField(object, 'color');
      const name = textField(field(object, 'metadata'), 'name') ?? '';
      return color === undefined ? undefined : { name, color };
    },
    changed: () => {},
    failed: (problem) => void problems.push(problem),
    isOptional,
    signal: stop.signal,
  });
  onTestFinished(async () => {
    stop.abort();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  const event = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
  const latest = () => state.watches.at(-1)?.response;
  const values = () => things.values().map(({ name, color }) => `${name} ${color}`);
  return { state, things, problems, event, latest, values, run: () => void things.run() };
}

function thing(name: string, color: string | undefined, version: string): object {
  return {
    metadata: { namespace: 'n', name, resourceVersion: version },
    ...(color === undefined ? {} : { color }),
  };
}

const wait = { timeout: 10_000, interval: 20 };

it('reads a list in pages, then follows changes, split anywhere', async () => {
  const { state, things, event, latest, values, run } = await start();
  state.objects = [thing('a', 'red', '1'), thing('b', 'red', '2'), thing('c', undefined, '3')];
  state.pageSize = 2;
  run();
  await vi.waitFor(() => expect(state.watches).toHaveLength(1), wait);
  expect(state.lists).toBe(2);
  expect(things.isSynced).toBe(true);
  expect(values()).toEqual(['a red', 'b red']);
  expect(state.watches[0]?.query.get('resourceVersion')).toBe('100');
  expect(state.watches[0]?.query.get('allowWatchBookmarks')).toBe('true');
  const text = event('MODIFIED', thing('a', 'blüe', '101')) + event('ADDED', thing('d', 'red', '102'));
  const bytes = Buffer.from(text + event('DELETED', thing('b', 'red', '103')));
  for (let at = 0; at < bytes.length; at += 7) latest()?.write(bytes.subarray(at, at + 7));
  await vi.waitFor(() => expect(values()).toEqual(['a blüe', 'd red']), wait);
});

it('resumes where the watch ended, with the version of a bookmark', async () => {
  const { state, event, latest, run } = await start();
  run();
  await vi.waitFor(() => expect(state.watches).toHaveLength(1), wait);
  latest()?.end(event('BOOKMARK', { metadata: { resourceVersion: '150' } }));
  await vi.waitFor(() => expect(state.watches).toHaveLength(2), wait);
  expect(state.watches[1]?.query.get('resourceVersion')).toBe('150');
  expect(state.lists).toBe(1);
});

it.each([
  ['an expired version', { kind: 'Status', code: 410 }, []],
  ['another error', { kind: 'Status', code: 500 }, ['the watch reported an error']],
])('reads the list again after %s', async (_what, object, expected) => {
  const { state, event, latest, run, problems, values } = await start();
  run();
  await vi.waitFor(() => expect(state.watches).toHaveLength(1), wait);
  state.objects = [thing('a', 'red', '1')];
  latest()?.end(event('ERROR', object));
  await vi.waitFor(() => expect(state.watches).toHaveLength(2), wait);
  expect(state.lists).toBe(2);
  expect(values()).toEqual(['a red']);
  expect(problems).toEqual(expected);
});

it('reads the list again after a line that is not JSON', async () => {
  const { state, latest, run } = await start();
  run();
  await vi.waitFor(() => expect(state.watches).toHaveLength(1), wait);
  latest()?.write('what?\n');
  await vi.waitFor(() => expect(state.lists).toBe(2), wait);
});

it('keeps what a write returned, until a newer version arrives', async () => {
  const { state, things, event, latest, values, run } = await start();
  state.objects = [thing('a', 'red', '1')];
  run();
  await vi.waitFor(() => expect(state.watches).toHaveLength(1), wait);
  things.note(thing('a', 'blue', '120'));
  latest()?.write(event('MODIFIED', thing('a', 'green', '110')) + event('ADDED', thing('z', 'red', '119')));
  await vi.waitFor(() => expect(values()).toEqual(['a blue', 'z red']), wait);
  latest()?.write(event('MODIFIED', thing('a', 'white', '121')));
  await vi.waitFor(() => expect(values()).toEqual(['a white', 'z red']), wait);
});

it('a list that does not exist is empty if it is optional; one that may not be read is reported once', async () => {
  const optional = await start(true);
  optional.state.status = 404;
  optional.run();
  await vi.waitFor(() => expect(optional.things.isSynced).toBe(true), wait);
  expect(optional.problems).toEqual([]);
  const needed = await start();
  needed.state.status = 403;
  needed.run();
  await vi.waitFor(() => expect(needed.problems).toEqual(['the list has status 403']), wait);
  expect(needed.things.isSynced).toBe(false);
  needed.state.status = 200;
  await vi.waitFor(() => expect(needed.things.isSynced).toBe(true), wait);
  expect(needed.problems).toHaveLength(1);
});
