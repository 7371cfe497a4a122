/** The processes of the sidecar: the first run, looks, probes, metrics, and the end. */
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { field } from '../../src/core/json.ts';
import { monotonicNow } from '../../src/fetcher/files/status-file.ts';
import { readEnvironment } from '../../src/fetcher/process/environment.ts';
import { answer } from '../../src/fetcher/refresh/answer.ts';
import type { KeptCredentials } from '../../src/fetcher/refresh/messages.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { loadBuilt } from '../fetcher/bundle.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { readableAfter } from '../fetcher/leaks.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';
import { REFRESH, type Sidecar, startFetch, startSidecar } from '../fetcher/sidecar.ts';

const ARN = arnOf('shop/db');
const PLAN = { ...onePlan(ARN), refresh: REFRESH };
let aws: AwsStage;
let sidecar: Sidecar | undefined;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(() => aws.reset());
afterEach(async () => {
  await sidecar?.end('SIGKILL');
});
afterAll(() => aws.stop());

/** Gets a path of the metrics server. */
function get(port: number, page = '/metrics'): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path: page, agent: false }, (response) => {
        text(response).then((body) => resolve(`${response.statusCode} ${body}`), reject);
      })
      .on('error', reject);
  });
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('the first run continues as the sidecar, which ends at once with SIGTERM', async () => {
  aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startFetch(aws.stage, PLAN);
  await sidecar.line({ msg: 'fetch ended', outcome: 'wrote' });
  expect(await sidecar.line({ msg: 'refresh started' })).toMatchObject({ seconds: 30, secrets: 1 });
  expect(aws.stage.read('value').toString()).toBe('old');
  expect([await sidecar.probe('started'), await sidecar.probe('fresh')]).toEqual([0, 0]);
  expect(await sidecar.end()).toEqual([0, null]);
  // The status of a process that has ended is no status.
  expect([await sidecar.probe('started'), await sidecar.probe('fresh')]).toEqual([1, 1]);
  expect(await sidecar.probe('ready')).toBe(2);
  expect(sidecar.output()).not.toMatch(/warning/i);
});

it('a failing first run ends as without refresh', async () => {
  sidecar = startFetch(aws.stage, { ...onePlan(arnOf('shop/missing'), 1), refresh: REFRESH });
  await sidecar.line({ msg: 'fetch ended', outcome: 'failed' });
  expect(await sidecar.end('SIGCONT')).toEqual([12, null]);
  expect(await sidecar.probe('started')).toBe(1);
});

it('a new version is in the files after the next look, with the credentials of the first one', async () => {
  const port = await freePort();
  const secret = aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startSidecar(aws.stage, PLAN, { port });
  await sidecar.line({ msg: 'refreshed', outcome: 'wrote' });
  expect(aws.stage.read('value').toString()).toBe('old');
  const { id } = secret.putValue('new');
  const seen = sidecar.lines.length;
  const line = await sidecar.line({ msg: 'refreshed' }, seen);
  expect(line).toMatchObject({ outcome: 'wrote', versions: [{ arn: ARN, versionId: id }] });
  expect(aws.stage.read('value').toString()).toBe('new');
  const asked = aws.standIn.requests.filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity');
  expect(asked.map(({ durationSeconds }) => durationSeconds)).toEqual([3600]);
  const metrics = await get(port);
  expect(metrics).toContain(
    `secrets_injector_secret_version_info{secret="${ARN}",index="0",version_id="${id}"} 1\n`,
  );
  expect(metrics).toMatch(/secrets_injector_refresh_looks_total\{outcome="wrote"\} 2\n/);
  expect(await get(port, '/')).toMatch(/^404 /);
});

it('a new token is read when the session has expired', async () => {
  const secret = aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startSidecar(aws.stage, PLAN, {});
  await sidecar.line({ msg: 'refreshed' });
  secret.putValue('new');
  await aws.renewToken();
  aws.standIn.script('DescribeSecret', { kind: 'expiredToken' });
  await sidecar.line({ msg: 'refreshed' }, sidecar.lines.length);
  expect(sidecar.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  const asked = aws.standIn.requests.filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity');
  expect(asked).toHaveLength(2);
});

it('an outage is logged once, keeps the files, and ends the readiness when it lasts', async () => {
  const secret = aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startSidecar(aws.stage, PLAN, {});
  await sidecar.line({ msg: 'refreshed' });
  secret.putValue('new');
  const outage = new AbortController();
  aws.standIn.script('DescribeSecret', { kind: 'denied', times: 'forever', until: outage.signal });
  await sidecar.line({ msg: 'refresh failed', codes: 'AWS_ACCESS_DENIED' });
  const asked = aws.standIn.requests.length;
  while (aws.standIn.requests.length < asked + 3) await delay(5);
  expect(aws.stage.read('value').toString()).toBe('old');
  outage.abort();
  await sidecar.line({ msg: 'refresh recovered' });
  expect(sidecar.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  expect(aws.stage.read('value').toString()).toBe('new');
  expect(await sidecar.probe('fresh')).toBe(0);
});

it('what changes while the sidecar is down is told to the application by its next look', async () => {
  const onChange = [{ touch: 'reloaded', view: 0 }];
  const plan = { ...PLAN, refresh: { ...REFRESH, onChange } };
  const secret = aws.standIn.putSecret({ arn: ARN, value: 'old' });
  const isTouched = () => existsSync(path.join(aws.stage.volume(), 'reloaded'));
  sidecar = startFetch(aws.stage, plan);
  await sidecar.line({ msg: 'refresh started' });
  await sidecar.end('SIGKILL');
  sidecar = startFetch(aws.stage, plan);
  await sidecar.line({ msg: 'refreshed', outcome: 'kept' });
  // Neither the first files nor the same files again are a change.
  expect(isTouched()).toBe(false);
  await sidecar.end('SIGKILL');
  secret.putValue('new');
  sidecar = startFetch(aws.stage, plan);
  await sidecar.line({ msg: 'on-change done', action: 'touch:reloaded' });
  expect([isTouched(), aws.stage.read('value').toString()]).toEqual([true, 'new']);
});

it('a sidecar that starts again during an outage keeps the files, and the pod stays ready', async () => {
  const freshUntil = () =>
    field(JSON.parse(readFileSync(path.join(aws.stage.volume(), '..refresh'), 'utf8')), 'freshUntil');
  aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startFetch(aws.stage, PLAN);
  await sidecar.line({ msg: 'refresh started' });
  const before = freshUntil();
  await sidecar.end('SIGKILL');
  expect(await sidecar.probe('started')).toBe(1);
  for (const operation of ['DescribeSecret', 'GetSecretValue', 'AssumeRoleWithWebIdentity'] as const)
    aws.standIn.script(operation, { kind: 'denied', times: 'forever' });
  sidecar = startFetch(aws.stage, PLAN);
  await sidecar.line({ msg: 'refresh failed' });
  expect([await sidecar.probe('started'), await sidecar.probe('fresh')]).toEqual([0, 0]);
  expect(aws.stage.read('value').toString()).toBe('old');
  // The failed look does not count as a success.
  expect(freshUntil()).toBe(before);
});

it('credentials that would end during a look are renewed before it', async () => {
  aws.standIn.putSecret({ arn: ARN, value: 'old' });
  const environment = readEnvironment(aws.stage.environment(PLAN), aws.stage.root);
  const lookWith = (credentials?: KeptCredentials) =>
    answer({ what: 'look', versions: [null], credentials }, environment, loadBuilt);
  const signIns = () =>
    aws.standIn.requests.filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity').length;
  const { credentials } = await lookWith();
  if (credentials === undefined) throw new TypeError('the first look signs in');
  expect([signIns(), (await lookWith(credentials)).credentials, signIns()]).toEqual([1, credentials, 1]);
  const renewed = await lookWith({ ...credentials, until: monotonicNow() + 19_000 });
  expect(renewed.look?.outcome).toBe('kept');
  expect([signIns(), renewed.credentials?.accessKeyId === credentials.accessKeyId]).toEqual([2, false]);
});

it('SIGTERM ends a look in the middle of a request', async () => {
  aws.standIn.putSecret({ arn: ARN, value: 'old' });
  aws.standIn.script('DescribeSecret', { kind: 'hang', times: 'forever' });
  sidecar = startSidecar(aws.stage, { ...PLAN, timeoutSeconds: 600 }, { lookSeconds: 600 });
  while (!aws.standIn.requests.some(({ operation }) => operation === 'DescribeSecret')) await delay(5);
  expect(await sidecar.end()).toEqual([0, null]);
});

it('a look that is killed is a failed one, and the next follows', async () => {
  aws.standIn.putSecret({ arn: ARN, value: 'old' });
  aws.standIn.script('DescribeSecret', { kind: 'hang' });
  sidecar = startSidecar(aws.stage, PLAN, {});
  while (!aws.standIn.requests.some(({ operation }) => operation === 'DescribeSecret')) await delay(5);
  const children = readFileSync(`/proc/${sidecar.child.pid}/task/${sidecar.child.pid}/children`, 'utf8');
  process.kill(Number(children.trim()), 'SIGKILL');
  await sidecar.line({ msg: 'refresh failed', codes: 'REFRESH_INTERRUPTED' });
  await sidecar.line({ msg: 'refreshed' });
});

it('a port that is taken changes nothing else, and is tried again', async () => {
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as net.AddressInfo;
  aws.standIn.putSecret({ arn: ARN, value: 'old' });
  sidecar = startSidecar(aws.stage, PLAN, { port });
  expect(await sidecar.line({ msg: 'no metrics' })).toMatchObject({
    level: 'warn',
    port,
    error: 'EADDRINUSE',
  });
  await sidecar.line({ msg: 'refreshed' });
  await new Promise((resolve) => other.close(resolve));
  const asked = aws.standIn.requests.length;
  while (aws.standIn.requests.length < asked + 4) await delay(5);
  expect(await get(port)).toMatch(/^200 /);
  expect(sidecar.lines.filter(({ msg }) => msg === 'no metrics')).toHaveLength(1);
});

it('no value is in the log, the metrics, the files of the sidecar, its arguments or its environment', async () => {
  const port = await freePort();
  const secret = aws.standIn.putSecret({ arn: ARN, value: CANARY });
  const key = { files: [{ path: 'value', secret: 0, key: 'missing' }] };
  const [view] = PLAN.views;
  if (view === undefined) throw new TypeError('the plan has a view');
  sidecar = startSidecar(aws.stage, PLAN, { port });
  await sidecar.line({ msg: 'refreshed' });
  const kernel = ['cmdline', 'environ'].map((name) =>
    readFileSync(`/proc/${sidecar?.child.pid}/${name}`, 'latin1'),
  );
  const metrics = await get(port);
  await sidecar.end();
  const files = readableAfter({ ...NOTHING, stdout: sidecar.output() }, aws.stage);
  const own = [...files].filter(([file]) => !file.endsWith('/value')).map(([, content]) => content);
  expectNoCanary([...kernel, metrics, ...own]);
  // A value that cannot be parsed: the error of a parser would quote it.
  secret.putValue(`${CANARY} is no JSON`);
  sidecar = startSidecar(aws.stage, { ...PLAN, views: [{ ...view, ...key }] }, { port });
  await sidecar.line({ msg: 'refresh failed', codes: 'VALUE_NOT_JSON' });
  expectNoCanary([sidecar.output(), await get(port)]);
});

const NOTHING = { code: 0, signal: null, stdout: '', stderr: '', termination: '', versions: '' };
