/** An API server's two answers that tell versions, over real HTTPS, with every trouble that a test wants. */

import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { ClusterPlace } from '../../../src/kubernetes/api-client.ts';
import { makeCertificate, type TlsMaterial } from '../../aws-fake/certificates.ts';
import { temporaryDirectory } from '../directory.ts';

export interface NodeRow {
  readonly name: string;
  readonly version: string;
}

/** Takes over an answer. @returns whether it did */
export type Trouble = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface FakeApiServer {
  readonly place: ClusterPlace;
  /** Path and query of each request, in order. */
  readonly requests: readonly string[];
  version: unknown;
  nodes: readonly NodeRow[];
  /** Tokens that are accepted. */
  tokens: ReadonlySet<string>;
  trouble: Trouble | undefined;
  setToken(token: string): Promise<void>;
  /** Connections that are open now. */
  connections(): number;
}

export const gitVersion = (text: string): unknown => ({ major: '1', minor: '0', gitVersion: text });
export const nodesOf = (count: number, version: string): readonly NodeRow[] =>
  Array.from({ length: count }, (_, index) => ({ name: `node-${index}`, version }));

let material: Promise<TlsMaterial> | undefined;

/** Starts one that ends with the test: Kubernetes 1.35 with one node, as `kubectl get --raw` shows it. */
export async function startApiServer(): Promise<FakeApiServer> {
  material ??= makeCertificate();
  const { key, cert, ca } = await material;
  const directory = await temporaryDirectory(onTestFinished);
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    requests.push(request.url ?? '');
    if (api.trouble?.(request, response) === true) return;
    answer(api, request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const place = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    tokenFile: path.join(directory, 'token'),
    caFile: path.join(directory, 'ca.crt'),
  };
  const api: FakeApiServer = {
    place,
    requests,
    version: gitVersion('v1.35.4'),
    nodes: nodesOf(1, 'v1.35.4'),
    tokens: new Set(['first']),
    trouble: undefined,
    setToken: (token) => writeFile(place.tokenFile, token),
    connections: () => sockets.size,
  };
  await writeFile(place.caFile, ca);
  await api.setToken('first\n');
  return api;
}

function answer(api: FakeApiServer, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'https://api');
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  const isTable = request.headers.accept === 'application/json;as=Table;v=v1;g=meta.k8s.io';
  if (!api.tokens.has(token)) send(response, 401, { kind: 'Status', message: 'Unauthorized' });
  else if (url.pathname === '/version') send(response, 200, api.version);
  else if (url.pathname !== '/api/v1/nodes') send(response, 404, { kind: 'Status' });
  else if (!isTable || url.searchParams.get('includeObject') !== 'None')
    send(response, 406, { kind: 'Status' });
  else list(api, url, response);
}

/** A page of the table, as printers of kube-apiserver make it. */
function list(api: FakeApiServer, url: URL, response: ServerResponse): void {
  const start = Number(url.searchParams.get('continue') ?? 0);
  const end = start + Number(url.searchParams.get('limit') ?? api.nodes.length);
  send(response, 200, {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '7', ...(end < api.nodes.length ? { continue: String(end) } : {}) },
    columnDefinitions: ['Name', 'Status', 'Roles', 'Age', 'Version', 'Internal-IP'].map((name) => ({
      name,
      type: 'string',
    })),
    rows: api.nodes.slice(start, end).map(({ name, version }) => ({
      cells: [name, 'Ready', '<none>', '4d', version, '10.0.0.1'],
      object: null,
    })),
  });
}

/** Answers with JSON. */
export function send(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}
