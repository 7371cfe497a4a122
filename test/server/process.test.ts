import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeLeaf } from './certificates.ts';
import { connectRaw, plainGet, postReview } from './client.ts';
import { deploymentFlags } from './deployment-flags.ts';
import { bundleWebhook, runner, startWebhookProcess, type WebhookProcess } from './processes.ts';
import { podAsking, responseOf, reviewOf } from './reviews.ts';
import { eventually, writeLeaf } from './running.ts';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'webhook-process-'));
  await writeLeaf(directory, await makeLeaf());
  await bundleWebhook(directory);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function start(...flags: readonly string[]): Promise<WebhookProcess> {
  const webhook = await startWebhookProcess({ directory, flags });
  onTestFinished(() => webhook.stop());
  return webhook;
}

async function isReady(webhook: WebhookProcess): Promise<boolean> {
  return (await plainGet(webhook.probePort, '/readyz')).status === 200;
}

describe('the bundled webhook', () => {
  test("goes on after bodies of 8 MiB full of small arrays, within the Deployment's heap", async () => {
    const webhook = await startWebhookProcess({ directory, nodeFlags: deploymentFlags() });
    onTestFinished(() => webhook.stop());
    const body = Buffer.from(`{"x":[${'[1],'.repeat(2_097_100)}[]]}`);
    for (let time = 0; time < 3; time += 1) expect((await postReview(webhook.port, body)).status).toBe(400);
    const answer = await postReview(webhook.port, reviewOf(podAsking()));
    expect(responseOf(answer.text).allowed).toBe(true);
  });

  test('drains after SIGTERM: not ready, still answering, closing connections; then ends with 0', async () => {
    const webhook = await start('--drain-seconds', '1');
    expect(await isReady(webhook)).toBe(true);
    const idle = await connectRaw(webhook.port);
    webhook.kill('SIGTERM');
    await eventually(
      () => isReady(webhook),
      (ready) => !ready,
    );
    const answer = await postReview(webhook.port, reviewOf(podAsking()));
    expect(responseOf(answer.text).allowed).toBe(true);
    expect(answer.headers.connection).toBe('close');
    expect(await webhook.ended).toBe(0);
    await idle.closed;
    await expect(postReview(webhook.port, reviewOf({}))).rejects.toThrow(/ECONNREFUSED/);
    expect(webhook.log.map((line) => line['msg'])).toEqual(expect.arrayContaining(['draining', 'closed']));
  });

  test('answers a request that was under way when the listener closed', async () => {
    const webhook = await start('--drain-seconds', '0');
    const { socket, waitFor, closed } = await connectRaw(webhook.port);
    const body = reviewOf({}, 'under-way');
    socket.write(
      `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.slice(0, 20));
    // Another connection's answer shows that the server has read what was sent before.
    await postReview(webhook.port, reviewOf({}));
    webhook.kill('SIGTERM');
    await eventually(
      () =>
        postReview(webhook.port, reviewOf({})).then(
          () => 'open',
          () => 'closed',
        ),
      (state) => state === 'closed',
    );
    socket.write(body.slice(20));
    await waitFor(/"uid":"under-way"/);
    await closed;
    expect(await webhook.ended).toBe(0);
  });

  test('ends at once at a second signal', async () => {
    const webhook = await start('--drain-seconds', '600');
    webhook.kill('SIGTERM');
    await eventually(
      // A connection reset while it begins to drain is no readiness either.
      () => isReady(webhook).catch(() => false),
      (ready) => !ready,
    );
    webhook.kill('SIGINT');
    expect(await webhook.ended).toBe(1);
    expect(webhook.log.at(-1)).toMatchObject({ msg: 'ending at once', signal: 'SIGINT' });
  });

  test('logs a line for each decision, with names and counts and nothing that a user wrote', async () => {
    const canary = 'c4n4ry';
    const webhook = await start('--log-level', 'debug');
    const pod = podAsking({
      [`file.${canary}`]: `${canary}:x`,
      [`${canary}`]: canary,
      'mount-path': `/${canary}`,
    });
    await postReview(webhook.port, reviewOf(pod, 'u-denied'));
    await postReview(
      webhook.port,
      reviewOf({ ...pod, metadata: { annotations: { [canary]: canary } } }, 'u-unchanged'),
    );
    const good = podAsking({
      [`file.${canary}`]: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${canary}-AbCdEf`,
    });
    await postReview(webhook.port, reviewOf(good, 'u-injected'));
    for (const path of ['/mutate', `/${canary}`]) await postReview(webhook.port, `{"${canary}"`, { path });
    await postReview(webhook.port, canary, {
      headers: { 'content-type': `text/${canary}`, [canary]: canary },
    });
    const raw = await connectRaw(webhook.port);
    raw.socket.write(`${canary}\r\n\r\n`);
    await raw.closed;
    const metrics = (await plainGet(webhook.metricsPort, '/metrics')).text;
    const lines = await eventually(
      () => webhook.log.filter((line) => line['msg'] === 'decided'),
      (found) => found.length === 3,
    );
    const same = { level: 'info', namespace: 'shop', dryRun: false, milliseconds: expect.any(Number) };
    expect(lines).toEqual([
      expect.objectContaining({
        ...same,
        uid: 'u-denied',
        name: 'shop-*',
        outcome: 'denied',
        codes: expect.stringMatching(/^[A-Z_,]+$/),
      }),
      expect.objectContaining({
        ...same,
        uid: 'u-unchanged',
        name: '',
        outcome: 'unchanged',
        reason: 'not-asked',
      }),
      expect.objectContaining({
        ...same,
        uid: 'u-injected',
        outcome: 'injected',
        references: 1,
        secrets: 1,
        containers: 1,
      }),
    ]);
    // Two signals of one kind can become one.
    webhook.kill('SIGTERM');
    webhook.kill('SIGINT');
    await webhook.ended;
    for (const text of [webhook.logText(), metrics]) {
      expect(text).not.toContain(canary);
      expect(text).not.toContain(Buffer.from(canary).toString('base64').slice(0, 6));
    }
  });

  test('goes on when nobody reads its log any more', async () => {
    const webhook = await start('--drain-seconds', '0');
    webhook.closeLog();
    for (let index = 0; index < 100; index += 1) await postReview(webhook.port, reviewOf(podAsking()));
    expect(await isReady(webhook)).toBe(true);
    webhook.kill('SIGTERM');
    expect(await webhook.ended).toBe(0);
  });

  test('goes on and drains when its log is no longer read and the pipe is full', async () => {
    const webhook = await start('--drain-seconds', '600');
    webhook.pauseLog();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    onTestFinished(() => agent.destroy());
    // More log than the pipe and the buffers of both sides take.
    const review = reviewOf({ metadata: { generateName: 'x'.repeat(128) } }, 'u'.repeat(128));
    await Promise.all(Array.from({ length: 2000 }, () => postReview(webhook.port, review, { agent })));
    webhook.kill('SIGTERM');
    await eventually(
      () => isReady(webhook),
      (ready) => !ready,
    );
    const answer = await postReview(webhook.port, reviewOf(podAsking()));
    expect(responseOf(answer.text).allowed).toBe(true);
    expect(answer.headers.connection).toBe('close');
  });
});

describe('the bundled webhook does not start', () => {
  function run(
    flags: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): SpawnSyncReturns<string> {
    const file = path.join(directory, 'webhook.cjs');
    return spawnSync(process.execPath, [...runner(file, flags)], { env, encoding: 'utf8', timeout: 20_000 });
  }

  test('with settings that cannot be used, and tells all of them at once', () => {
    const { status, stderr, stdout } = run(
      ['--listen-port', '70000', '--log-levle=info', '--env-mode', 'x', '--cpu-limit', '-1', 'stray'],
      {
        SECRETS_INJECTOR_DRAIN_SECONDS: 'soon',
        SECRETS_INJECTOR_IMAGES: 'x',
        SECRETS_INJECTOR_FETCHER_ENV: 'AWS_SECRET_ACCESS_KEY=canary',
      },
    );
    expect(status).toBe(2);
    expect(stdout).toBe('');
    for (const part of [
      '--listen-port: "70000" is not accepted; expected a whole number from 0 to 65535',
      '"--log-levle": unknown flag; did you mean --log-level?',
      '--env-mode: "x" is not accepted; expected one of auto, native, shell, file',
      '--cpu-limit: ',
      '"stray": unexpected argument: pass it with a flag; --help lists the flags',
      'SECRETS_INJECTOR_DRAIN_SECONDS: "soon" is not accepted',
      '"SECRETS_INJECTOR_IMAGES": unknown variable; did you mean SECRETS_INJECTOR_IMAGE?',
      'SECRETS_INJECTOR_FETCHER_ENV: the value is not accepted',
      '--image (or SECRETS_INJECTOR_IMAGE): must be set',
    ]) {
      expect(stderr).toContain(part);
    }
    expect(stderr).not.toContain('canary');
  });

  test('on a port that is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const { status, stdout } = run([
      '--image',
      'a/b',
      '--listen-address',
      '127.0.0.1',
      '--listen-port',
      port,
      '--probe-port',
      '0',
    ]);
    expect(status).toBe(1);
    expect(stdout).toContain('EADDRINUSE');
  });

  test('when asked for help', () => {
    const { status, stdout } = run(['--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('--tls-cert-file <path>');
    expect(stdout).toContain('(required)');
  });
});
