/** Which connections a run opens before it loads the modules for TLS, to a real listener. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { takeConnection } from '../../../src/aws/connections/early-connections.ts';
import { formatPlan, PLAN_VARIABLE, type Plan } from '../../../src/core/plan/plan.ts';
import { connectForRun } from '../../../src/fetcher/connect-early.ts';
import { statusFile } from '../../../src/fetcher/files/status-file.ts';
import { readEnvironment } from '../../../src/fetcher/process/environment.ts';
import { readStart } from '../../../src/fetcher/start.ts';
import { arnOf, planOf } from '../../fetcher/plans.ts';

const ROOT = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-'));
const SECRETS = ['shop/a', 'shop/b'].map((name) => arnOf(name));
const IRSA = { AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/web', AWS_WEB_IDENTITY_TOKEN_FILE: '/token' };
const POD_IDENTITY = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials' };

const accepted = new Set<net.Socket>();
const server = net.createServer((socket) => {
  accepted.add(socket.on('error', () => undefined));
});
let endpoint: URL;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
beforeEach(() => {
  accepted.clear();
  return () => {
    // Those that the test has left, and some new ones.
    for (let count = 0; count < 10; count += 1) takeConnection(endpoint).destroy();
  };
});
afterAll(() => void server.close());

function startWith(variables: Readonly<Record<string, string>>): void {
  const start = readStart(['--root', ROOT], variables);
  if (start === undefined) throw new TypeError('the arguments are not valid');
  connectForRun(start);
}

/** Opens connections. @returns how many the listener accepted before another one, which is opened afterwards */
async function connectionsFor(plan: string, variables: Readonly<Record<string, string>>): Promise<number> {
  const settings = { AWS_ENDPOINT_URL: endpoint.href, AWS_REGION: 'eu-west-1', [PLAN_VARIABLE]: plan };
  startWith({ ...settings, ...variables });
  const last = net.connect(Number(endpoint.port), '127.0.0.1');
  const [accept] = await Promise.all([
    new Promise<net.Socket>((resolve) => {
      const check = (socket: net.Socket): void => {
        if (socket.remotePort !== last.localPort) return;
        server.off('connection', check);
        resolve(socket);
      };
      server.on('connection', check);
    }),
    new Promise((resolve) => last.once('connect', resolve)),
  ]);
  accept.destroy();
  last.destroy();
  return accepted.size - 1;
}

const PLAN = planOf(SECRETS, { files: [{ path: 'a', secret: 0 }] });
const REFRESHED: Plan = {
  ...PLAN,
  refresh: { seconds: 30, check: 'describe', onChange: [{ url: 'http://localhost/' }] },
};

it.each([
  ['IRSA: STS, and one for each secret', PLAN, IRSA, 3],
  ['EKS Pod Identity: without STS', PLAN, POD_IDENTITY, 2],
  ['an association takes precedence over IRSA', PLAN, { ...IRSA, ...POD_IDENTITY }, 2],
  ['no identity', PLAN, {}, 2],
  ['a proxy', PLAN, { ...IRSA, SECRETS_INJECTOR_HTTPS_PROXY: 'http://proxy.example:3128' }, 0],
  ['an endpoint without TLS', PLAN, { ...IRSA, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 0],
  ['a plan that is not valid', { ...PLAN, version: 99 }, IRSA, 0],
] as const)('%s', async (_, plan, variables, count) => {
  expect(await connectionsFor(formatPlan(plan as Plan), variables)).toBe(count);
});

it('a sidecar opens them at its first start alone', async () => {
  const plan = formatPlan(REFRESHED);
  expect(await connectionsFor(plan, IRSA)).toBe(3);
  accepted.clear();
  const { viewsDirectory } = readEnvironment({}, ROOT);
  const file = statusFile(REFRESHED, viewsDirectory);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '{}');
  expect(await connectionsFor(plan, IRSA)).toBe(0);
});

it('at most four for the secrets of a Region', async () => {
  const plan = planOf(
    Array.from({ length: 9 }, (_, index) => arnOf(`shop/${index}`)),
    { files: [{ path: 'a', secret: 0 }] },
  );
  expect(await connectionsFor(formatPlan(plan), IRSA)).toBe(5);
});

it('takes each early connection once, and then opens others', async () => {
  await connectionsFor(formatPlan(PLAN), POD_IDENTITY);
  const taken = [0, 1, 2].map(() => takeConnection(endpoint));
  expect(new Set(taken).size).toBe(3);
  expect(taken.map((socket) => socket.connecting)).toEqual([false, false, true]);
  for (const socket of taken) socket.destroy();
});

it('a failure of an early connection ends nothing', async () => {
  const closed = net.createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const environment = {
    ...IRSA,
    AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`,
    [PLAN_VARIABLE]: formatPlan(PLAN),
  };
  startWith(environment);
  const socket = takeConnection(new URL(`https://127.0.0.1:${port}`));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(socket.destroyed).toBe(true);
});
