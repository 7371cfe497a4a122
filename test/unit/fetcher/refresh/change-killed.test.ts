/** A look that is killed at any step between the record of an action, the swap and the action loses no action. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DueActions } from '../../../../src/fetcher/files/due-actions.ts';
import { change, changePlan } from '../../../fetcher/change-child.ts';

const SUPPORT = path.resolve(import.meta.dirname, '../../../fetcher');
let volumes: string;
let server: http.Server;
let url: string;
/** The content of the file at each call. */
let calls: string[];
let status: number;
beforeEach(async () => {
  calls = [];
  status = 200;
  server = http.createServer(({ method }, response) => {
    calls.push(`${method} ${readFileSync(path.join(volumes, 'aws-secrets/value'), 'utf8')}`);
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/reload`;
  volumes = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-change-'));
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(volumes, { recursive: true, force: true });
});

async function prepare(): Promise<void> {
  rmSync(volumes, { recursive: true, force: true });
  mkdirSync(path.join(volumes, 'aws-secrets'), { recursive: true });
  await change(volumes, url, 'old');
  calls = [];
}

/** Runs the change, and kills it at a step. @returns the signal, and the number of steps if it was not killed */
async function run(killAt = 0): Promise<readonly [NodeJS.Signals | null, number]> {
  const preload = ['--require', path.join(SUPPORT, 'kill-at.cjs')];
  const env = { KILL_UNDER: volumes, KILL_AT: String(killAt), KILL_WITH: 'SIGKILL' };
  const child: ChildProcess = spawn(
    process.execPath,
    [...preload, path.join(SUPPORT, 'change-child.ts'), volumes, url],
    { env, stdio: ['ignore', 'inherit', 'pipe'] },
  );
  const [output] = await Promise.all([child.stderr === null ? '' : text(child.stderr), once(child, 'exit')]);
  return [child.signalCode, Number(/steps=(\d+)/.exec(output)?.[1] ?? 0)];
}

it('killed at any step, the next process has the new files and has called the application after the swap', async () => {
  await prepare();
  const [, steps] = await run();
  expect(calls).toEqual(['POST new']);
  expect(steps).toBeGreaterThan(12);
  for (let step = 1; step <= steps; step += 1) {
    await prepare();
    expect((await run(step))[0], `step ${step}`).toBe('SIGKILL');
    expect(await change(volumes, url, 'new')).toBe(false);
    expect(readFileSync(path.join(volumes, 'aws-secrets/value'), 'utf8')).toBe('new');
    expect(calls, `step ${step}`).toContain('POST new');
    expect(readdirSync(path.join(volumes, 'aws-secrets')).filter((name) => /_tmp$|due/.test(name))).toEqual(
      [],
    );
  }
}, 180_000);

it('an action that fails stays due, also for the next process', async () => {
  await prepare();
  status = 503;
  expect(await change(volumes, url, 'new')).toBe(true);
  expect(await change(volumes, url, 'new')).toBe(true);
  status = 204;
  expect(await change(volumes, url, 'new')).toBe(false);
  expect(await change(volumes, url, 'new')).toBe(false);
  expect(calls).toHaveLength(3);
});

it('a record that cannot be read stands for all actions', async () => {
  await prepare();
  for (const record of [
    '',
    '{',
    '[]',
    '{"actions":[7]}',
    '{"actions":["constructor"]}',
    ' '.repeat(70_000),
  ]) {
    writeFileSync(path.join(volumes, 'aws-secrets/..due'), record);
    expect(new DueActions(changePlan(url), volumes).read().actions, record.slice(0, 30)).toEqual([0]);
  }
});
