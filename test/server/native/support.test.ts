/** What is made of an API server's answers, over real connections. */
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { NativeSupport, SidecarSupport } from '../../../src/core/settings.ts';
import { type ApiLimits, type ClusterPlace, makeClusterApi } from '../../../src/kubernetes/api-client.ts';
import {
  type Finding,
  findSupport,
  NATIVE_SIDECARS,
  NATIVE_VARIABLES,
} from '../../../src/webhook/native/native-support.ts';
import { makeCertificate } from '../../aws-fake/certificates.ts';
import { type FakeApiServer, gitVersion, nodesOf, send, startApiServer, type Trouble } from './api-server.ts';

const LIMITS: ApiLimits = { connectMilliseconds: 2_000, requestMilliseconds: 4_000 };
const NEVER = new AbortController().signal;

function look(
  place: ClusterPlace,
  setting: 'on' | 'auto' = 'auto',
  limits = LIMITS,
): Promise<Finding<NativeSupport>> {
  return findSupport(NATIVE_VARIABLES, setting, makeClusterApi(place, limits), NEVER);
}

function lookForSidecars(place: ClusterPlace, setting: 'on' | 'auto'): Promise<Finding<SidecarSupport>> {
  return findSupport(NATIVE_SIDECARS, setting, makeClusterApi(place, LIMITS), NEVER);
}

const CAN = { support: { can: true, probe: false } };
const CAN_WITH_PROBE = { support: { can: true, probe: true } };
/** A verdict whose reason holds these parts, in this order. */
function cannot(...parts: readonly string[]): object {
  const pattern = parts.map((part) => part.replace(/[.()]/g, '\\$&')).join('.*');
  return { support: { can: false, why: expect.stringMatching(pattern) } };
}

test.each([
  ['v1.38.0', 'v1.35.0', 'auto', CAN],
  ['v1.40.2-eks-1234', 'v1.37.0', 'auto', CAN],
  // Nobody has to believe in skew that Kubernetes does not support, but with this one nodes are not even asked for.
  ['v1.38.1', 'v1.30.0', 'auto', CAN],
  ['v1.38.0-rc.0', 'v1.37.0', 'auto', CAN_WITH_PROBE],
  ['v1.37.2', 'v1.35.0+k3s1', 'auto', CAN_WITH_PROBE],
  ['v1.35.4-gke.100', 'v1.35.1', 'auto', CAN_WITH_PROBE],
  [
    'v1.35.4',
    'v1.34.9',
    'auto',
    cannot('node "node-0" has kubelet "v1.34.9"', '1.35 or later on every node'),
  ],
  ['v1.35.4', '', 'auto', cannot('node "node-0" has kubelet ""')],
  ['v1.35.4', 'virtual', 'auto', cannot('node "node-0" has kubelet "virtual"')],
  ['v1.35.0-alpha.3', 'v1.35.0', 'auto', cannot('"v1.35.0-alpha.3"', '1.35 or later')],
  ['v1.34.4', 'v1.35.0', 'auto', cannot('the API server has version "v1.34.4"', '1.35 or later')],
  ['v1.34.4', 'v1.35.0', 'on', cannot('the API server has version "v1.34.4"')],
  ['v1.35.0', 'v1.30.0', 'on', CAN],
] as const)('API server %s, kubelet %s, %s', async (server, kubelet, setting, expected) => {
  const api = await startApiServer();
  api.version = gitVersion(server);
  api.nodes = nodesOf(1, kubelet);
  expect(await look(api.place, setting)).toEqual(expected);
  const asked = expected === CAN || server < 'v1.35.0' ? 1 : 2;
  expect(api.requests.length).toBeLessThanOrEqual(asked);
});

const HAS_SIDECARS = { support: { can: true } };

test.each([
  ['v1.32.0', 'v1.28.9', 'auto', HAS_SIDECARS],
  ['v1.40.2-eks-1234', 'v1.37.0', 'auto', HAS_SIDECARS],
  ['v1.31.4', 'v1.29.0', 'auto', HAS_SIDECARS],
  ['v1.30.1', 'v1.28.9', 'auto', cannot('node "node-0" has kubelet "v1.28.9"', 'native sidecars need 1.29')],
  ['v1.30.1', 'v1.28.9', 'on', HAS_SIDECARS],
  ['v1.29.0-rc.1', 'v1.29.0', 'auto', cannot('"v1.29.0-rc.1", but native sidecars need 1.29 or later')],
  ['v1.28.15', 'v1.28.15', 'on', cannot('the API server has version "v1.28.15"', '1.29 or later')],
] as const)('sidecars: API server %s, kubelet %s, %s', async (server, kubelet, setting, expected) => {
  const api = await startApiServer();
  api.version = gitVersion(server);
  api.nodes = nodesOf(1, kubelet);
  expect(await lookForSidecars(api.place, setting)).toEqual(expected);
});

test('sidecars of an API server that does not answer: only the word of the operator counts', async () => {
  const api = await startApiServer();
  api.trouble = (_, response) => {
    send(response, 503, {});
    return true;
  };
  expect(await lookForSidecars(api.place, 'auto')).toEqual({
    failed: 'HTTP 503',
    ...cannot('HTTP 503', 'Native sidecars', 'set native-sidecars to available'),
  });
  expect(await lookForSidecars(api.place, 'on')).toEqual({ failed: 'HTTP 503', ...HAS_SIDECARS });
});

test('a cluster without nodes is not known to be able', async () => {
  const api = await startApiServer();
  api.nodes = [];
  expect(await look(api.place)).toEqual(cannot('has no nodes yet'));
});

test('5,000 nodes are read in pages, each on its own', async () => {
  const api = await startApiServer();
  api.nodes = nodesOf(5_000, 'v1.36.1');
  expect(await look(api.place)).toEqual(CAN_WITH_PROBE);
  expect(api.requests).toHaveLength(11);
  api.nodes = api.nodes.map((node, index) => (index === 4_999 ? { ...node, version: 'v1.33.0' } : node));
  expect(await look(api.place)).toEqual(cannot('node "node-4999" has kubelet "v1.33.0"'));
});

test('pages after the first old node are not asked for', async () => {
  const api = await startApiServer();
  api.nodes = [...nodesOf(1, 'v1.33.0'), ...nodesOf(4_999, 'v1.35.0')];
  expect(await look(api.place)).toEqual(cannot('node "node-0"'));
  expect(api.requests).toHaveLength(2);
});

test('an API server that continues for ever is given up', async () => {
  const api = await startApiServer();
  api.trouble = (request, response) => {
    if (!request.url?.startsWith('/api')) return false;
    const columnDefinitions = [{ name: 'Name' }, { name: 'Version' }];
    send(response, 200, { kind: 'Table', metadata: { continue: 'x' }, columnDefinitions, rows: [] });
    return true;
  };
  expect(await look(api.place)).toMatchObject({ failed: 'the list of nodes has more than 100 pages' });
}, 60_000);

test('without the right to list nodes it says which one', async () => {
  const api = await startApiServer();
  api.trouble = only('/api', (_, response) =>
    send(response, 403, { kind: 'Status', message: 'nodes is forbidden' }),
  );
  const finding = await look(api.place);
  expect(finding).toEqual(cannot('not allowed to list nodes', '"list" on "nodes"', 'native-variables to on'));
  api.version = gitVersion('v1.38.0');
  expect(await look(api.place)).toEqual(CAN);
});

test('a token that kubelet replaced is used from the next question on', async () => {
  const api = await startApiServer();
  expect(await look(api.place)).toEqual(CAN_WITH_PROBE);
  api.tokens = new Set(['second']);
  expect(await look(api.place)).toMatchObject({ failed: 'HTTP 401', support: { can: false } });
  await api.setToken('second');
  expect(await look(api.place)).toEqual(CAN_WITH_PROBE);
});

test.each([
  [
    'no token is mounted',
    (api: FakeApiServer) => rm(api.place.tokenFile),
    'no service account token is mounted',
  ],
  ['no CA is mounted', (api: FakeApiServer) => rm(api.place.caFile), 'no service account token is mounted'],
  ['the token is empty', (api: FakeApiServer) => api.setToken(' \n'), 'no service account token is mounted'],
  [
    'the token is none',
    (api: FakeApiServer) => api.setToken('a\nb: c'),
    'the service account token is not valid',
  ],
  [
    'the CA is another',
    async (api: FakeApiServer) => writeFile(api.place.caFile, (await makeCertificate()).ca),
    /^[A-Z_]+$/,
  ],
  ['the CA is none', (api: FakeApiServer) => writeFile(api.place.caFile, 'x'), /./],
])('when %s, nothing is sent', async (_name, spoil, failed) => {
  const api = await startApiServer();
  await spoil(api);
  const finding = await look(api.place);
  expect(finding).toMatchObject({
    ...cannot('could not get versions'),
    failed: typeof failed === 'string' ? failed : expect.stringMatching(failed),
  });
  expect(api.requests).toEqual([]);
});

test('outside a cluster, and with an address that is none', async () => {
  const { place } = await startApiServer();
  expect(await look({ ...place, host: undefined })).toMatchObject({
    failed: 'KUBERNETES_SERVICE_HOST is not set',
  });
  expect(await look({ ...place, port: 99_999 })).toMatchObject({
    failed: 'the address of the API server is not valid',
  });
  expect(await look({ ...place, port: Number.NaN })).toMatchObject({ support: { can: false } });
});

function only(prefix: string, act: (...parts: Parameters<Trouble>) => unknown): Trouble {
  return (request, response) => {
    if (!request.url?.startsWith(prefix)) return false;
    act(request, response);
    return true;
  };
}

const TROUBLES: readonly (readonly [string, Parameters<typeof only>[1], string | RegExp])[] = [
  ['hangs', () => undefined, 'no answer in time'],
  ['stops in the middle', (_, response) => response.writeHead(200).write('{"a":'), 'no answer in time'],
  ['resets the connection', (request) => request.socket.destroy(), 'ECONNRESET'],
  [
    'resets it in the middle',
    (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"a":', () => request.socket.destroy());
    },
    /^(?:ECONNRESET|the answer is incomplete|the connection failed)$/,
  ],
  ['answers 401', (_, response) => send(response, 401, {}), 'HTTP 401'],
  ['answers 429', (_, response) => send(response, 429, {}), 'HTTP 429'],
  ['answers 500', (_, response) => send(response, 500, {}), 'HTTP 500'],
  ['redirects', (_, response) => response.writeHead(302, { location: '/version' }).end(), 'HTTP 302'],
  [
    'answers too much',
    (_, response) => response.end(`"${'x'.repeat(2 ** 21)}"`),
    /^the answer is larger than \d+ KiB$/,
  ],
  ['answers something else', (_, response) => response.end('<html>canary'), 'the answer is not JSON'],
  ['answers nothing', (_, response) => response.end(), 'the answer is not JSON'],
  [
    'answers other JSON',
    (_, response) => send(response, 200, { canary: [1] }),
    /(?:has an unexpected form|does not contain a version)$/,
  ],
  [
    'answers null',
    (_, response) => send(response, 200, null),
    /(?:has an unexpected form|does not contain a version)$/,
  ],
];

const SHORT = { ...LIMITS, requestMilliseconds: 500 };

for (const place of ['/version', '/api']) {
  test.each(TROUBLES)(
    `an API server that %s at ${place} is none to know from`,
    async (_name, act, failed) => {
      const api = await startApiServer();
      api.trouble = only(place, act);
      const limits = failed === 'no answer in time' ? SHORT : LIMITS;
      const finding = await look(api.place, 'auto', limits);
      expect(finding).toEqual({
        ...cannot('could not get versions', 'native-variables to on'),
        failed: typeof failed === 'string' ? failed : expect.stringMatching(failed),
      });
      expect(JSON.stringify(finding)).not.toContain('canary');
      // The operator's word counts where nothing contradicts it.
      if (place === '/version')
        expect(await look(api.place, 'on', limits)).toMatchObject({
          support: { can: true, probe: false },
          failed: expect.anything(),
        });
    },
  );
}

test.each([
  ['rows that are no list', { rows: 'x' }],
  ['a row without cells', { rows: [{}] }],
  ['a cell that is no text', { rows: [{ cells: ['a', 1] }] }],
  ['no column of versions', { columnDefinitions: [{ name: 'Name' }] }],
  ['another kind', { kind: 'NodeList' }],
])('a table with %s is not believed', async (_name, part) => {
  const api = await startApiServer();
  const table = {
    kind: 'Table',
    columnDefinitions: [{ name: 'Name' }, { name: 'Version' }],
    rows: [],
    ...part,
  };
  api.trouble = only('/api', (_, response) => send(response, 200, table));
  expect(await look(api.place)).toMatchObject({ failed: 'the list of nodes has an unexpected form' });
});

test('a connection that is never made is given up, and so is a whole check', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { place } = await startApiServer();
  const address = silent.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const limits = { connectMilliseconds: 100, requestMilliseconds: 60_000 };
  expect(await look({ ...place, port }, 'auto', limits)).toMatchObject({ failed: 'no connection in time' });
  const over = new AbortController();
  const api = makeClusterApi(
    { ...place, port },
    { connectMilliseconds: 60_000, requestMilliseconds: 60_000 },
  );
  const finding = findSupport(NATIVE_VARIABLES, 'auto', api, over.signal);
  over.abort();
  expect(await finding).toMatchObject({ failed: 'the check took too long' });
  expect(await findSupport(NATIVE_VARIABLES, 'auto', api, over.signal)).toMatchObject({
    failed: 'the check took too long',
  });
});
