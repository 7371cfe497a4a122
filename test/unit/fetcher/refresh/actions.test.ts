/** The actions of `on-change`, one by one. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../../src/core/plan/plan.ts';
import type { ChangeAction } from '../../../../src/core/plan/refresh.ts';
import { DueActions } from '../../../../src/fetcher/files/due-actions.ts';
import { callUrl } from '../../../../src/fetcher/refresh/call-url.ts';
import { labelOf, performDue } from '../../../../src/fetcher/refresh/change-actions.ts';
import { sendSignal } from '../../../../src/fetcher/refresh/send-signal.ts';
import { touchFile } from '../../../../src/fetcher/refresh/touch-file.ts';
import { arnOf, viewOf } from '../../../fetcher/plans.ts';

// Names that no container of a cluster on this machine has: its processes are visible here, and would get the signals.
const APP = 'app-of-no-pod';
const WEB = 'web-of-no-pod';

let volumes: string;
const servers: http.Server[] = [];
beforeEach(() => {
  volumes = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-actions-'));
  for (const name of ['aws-secrets', 'aws-secrets-1']) mkdirSync(path.join(volumes, name));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  rmSync(volumes, { recursive: true, force: true });
});

function planWith(...onChange: readonly ChangeAction[]): Plan {
  const files = [{ path: 'value', secret: 0 }];
  return {
    version: 1,
    timeoutSeconds: 20,
    secrets: [{ arn: arnOf('db') }],
    views: [
      viewOf({ files, fileMode: '0440', receivers: { native: [], shell: [], file: [APP] } }),
      viewOf({ files, volume: 'aws-secrets-1', receivers: { native: [], shell: [], file: [WEB] } }),
    ],
    refresh: { seconds: 30, check: 'describe', onChange },
  };
}

async function serve(answer: http.RequestListener, host = '127.0.0.1', port = 0): Promise<number> {
  const server = http.createServer(answer);
  servers.push(server);
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a call', () => {
  it.each([
    [200, undefined],
    [204, undefined],
    [299, undefined],
    [302, 'CHANGE_CALL_FAILED'],
    [404, 'CHANGE_CALL_FAILED'],
    [503, 'CHANGE_CALL_FAILED'],
  ])('is a POST request without a body, and status %d ends it with %s', async (status, code) => {
    const seen: unknown[] = [];
    const port = await serve(({ method, url, headers }, response) => {
      seen.push([method, url, headers.host, headers['content-length']]);
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    const url = `http://127.0.0.1:${port}/reload?all=1`;
    expect((await callUrl({ url }, url))?.code).toBe(code);
    expect(seen).toEqual([['POST', '/reload?all=1', `127.0.0.1:${port}`, '0']]);
  });

  it('nobody answers', async () => {
    const port = await serve((request) => request.destroy());
    const url = `http://127.0.0.1:${port}/`;
    expect(await callUrl({ url }, url)).toMatchObject({ subject: url, wrong: 'no answer (ECONNRESET)' });
  });

  it('localhost is the loopback address of either family, and its name stays in the request', async (context) => {
    const seen: unknown[] = [];
    const listener: http.RequestListener = ({ headers }, response) => {
      seen.push(headers.host);
      response.end();
    };
    const port = await serve(listener, '::1').catch(() => undefined);
    if (port === undefined) return context.skip('this machine has no IPv6');
    const url = `http://localhost:${port}/`;
    expect(await callUrl({ url }, url)).toBeUndefined();
    await serve(listener, '127.0.0.1', port);
    expect(await callUrl({ url }, url)).toBeUndefined();
    expect(seen).toEqual([`localhost:${port}`, `localhost:${port}`]);
  });
});

describe('a file', () => {
  const plan = planWith();
  const touch = (name: string, view = 0) => touchFile({ touch: name, view }, plan, volumes, `touch:${name}`);

  it('is written in place with the time, and the application can read it', () => {
    expect(touch('reloaded', 1)).toBeUndefined();
    const file = path.join(volumes, 'aws-secrets-1/reloaded');
    const first = statSync(file);
    expect(readFileSync(file, 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\n$/);
    writeFileSync(file, 'something longer than a time, which was there before');
    expect(touch('reloaded', 1)).toBeUndefined();
    expect(readFileSync(file, 'utf8')).toMatch(/^.{24}\n$/);
    expect([statSync(file).ino, statSync(file).mode & 0o777]).toEqual([first.ino, 0o444]);
    touch('other');
    expect(statSync(path.join(volumes, 'aws-secrets/other')).mode & 0o777).toBe(0o440);
  });

  it('a link is not followed, and a directory is a problem', () => {
    const target = path.join(volumes, 'target');
    symlinkSync(target, path.join(volumes, 'aws-secrets/reloaded'));
    mkdirSync(path.join(volumes, 'aws-secrets/folder'));
    expect(touch('reloaded')).toMatchObject({ code: 'CHANGE_TOUCH_FAILED' });
    expect(touch('folder')).toMatchObject({ code: 'CHANGE_TOUCH_FAILED', subject: 'touch:folder' });
    expect(statSync(target, { throwIfNoEntry: false })).toBeUndefined();
  });
});

it('a signal needs a process of the container', () => {
  expect(sendSignal({ signal: 'HUP', container: 'nobody' }, 'signal:HUP@nobody', undefined)).toMatchObject({
    code: 'CHANGE_PROCESS_MISSING',
    subject: 'signal:HUP@nobody',
  });
});

it('actions have the form of the annotation', () => {
  const actions: readonly ChangeAction[] = [
    { signal: 'HUP', container: APP },
    { url: 'http://localhost/' },
    { touch: 'reloaded', view: 1 },
  ];
  expect(actions.map(labelOf)).toEqual([`signal:HUP@${APP}`, 'http://localhost/', 'touch:reloaded']);
});

describe('due actions', () => {
  const plan = planWith(
    { signal: 'HUP', container: APP },
    { signal: 'HUP', container: WEB },
    { touch: 'reloaded', view: 0 },
    { touch: 'reloaded', view: 1 },
  );

  it.each([
    [['aws-secrets'], [0, 2]],
    [['aws-secrets-1'], [1, 3]],
    [
      ['aws-secrets', 'aws-secrets-1'],
      [0, 1, 2, 3],
    ],
  ])('a change of %j concerns the actions of its containers', (changed, due) => {
    const record = new DueActions(plan, volumes);
    record.add(changed);
    expect(record.read().actions).toEqual(due);
  });

  it('a call follows every change', () => {
    const record = new DueActions(planWith({ url: 'http://localhost/' }), volumes);
    record.add(['aws-secrets-1']);
    expect(record.read().actions).toEqual([0]);
  });

  it('what is due stays due with another change, and what succeeds is due no more', async () => {
    const record = new DueActions(plan, volumes);
    record.add(['aws-secrets']);
    record.add(['aws-secrets-1']);
    const { actions, due } = await performDue(plan, volumes, record, 7);
    expect(actions.map(({ problem }) => problem?.code)).toEqual([
      'CHANGE_PROCESS_MISSING',
      'CHANGE_PROCESS_MISSING',
      undefined,
      undefined,
    ]);
    expect(due).toEqual({ actions: [0, 1], swappedAt: 7 });
    expect(record.read()).toEqual(due);
    record.add(['aws-secrets']);
    expect(record.read()).toEqual({ actions: [0, 1, 2], swappedAt: undefined });
  });
});
