/**
 * The part of an API server that self-managed certificates need, over real HTTPS: one Secret and registrations with resource
 * versions, patches and watches, and a clock that a test sets. test/cluster runs the same on a real API server.
 */
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { ClusterPlace } from '../../../src/kubernetes/api-client.ts';
import { makeCertificate, type TlsMaterial } from '../../aws-fake/certificates.ts';
import { temporaryDirectory } from '../directory.ts';

export const SECRET = '/api/v1/namespaces/injector/secrets/ca';
const REGISTRATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
export const FIRST = `${REGISTRATIONS}/first`;
export const SECOND = `${REGISTRATIONS}/second`;

interface Stored {
  metadata: { name: string; resourceVersion: string; ownerReferences?: object[] };
  type?: string;
  data?: Record<string, string>;
  webhooks?: { name: string; clientConfig: { caBundle?: string } }[];
}

export interface Cluster {
  readonly place: ClusterPlace;
  /** By path. */
  readonly objects: Map<string, Stored>;
  /** Method and path of each request, without those of watches. */
  readonly requests: string[];
  /** In milliseconds. */
  now: number;
  /** Closes all connections, and refuses new ones. */
  isAway: boolean;
  /** Accepts requests, and never answers them. */
  isSilent: boolean;
  /** Answers with status 403. */
  isForbidden: (request: string) => boolean;
  /** Puts an object as an administrator would. */
  put(path: string, change: (object: Stored) => void): void;
  remove(path: string): void;
  /** The PEM text in each `caBundle`. */
  bundles(): readonly string[];
}

let material: Promise<TlsMaterial> | undefined;

/** Starts one that ends with the test, with an empty Secret and the registration `first` without `caBundle`. */
export async function startCluster(): Promise<Cluster> {
  material ??= makeCertificate();
  const { key, cert, ca } = await material;
  const directory = await temporaryDirectory(onTestFinished);
  const sockets = new Set<Socket>();
  const watches = new Map<ServerResponse, string>();
  let version = 1;

  const changed = (at: string): void => {
    for (const [response, watched] of watches) if (watched === at) response.write('{"type":"MODIFIED"}\n');
  };
  const cluster: Cluster = {
    place: {
      host: '127.0.0.1',
      port: 0,
      tokenFile: path.join(directory, 'token'),
      caFile: path.join(directory, 'ca'),
    },
    objects: new Map(),
    requests: [],
    now: Date.now(),
    isAway: false,
    isSilent: false,
    isForbidden: () => false,
    put: (at, change) => {
      const object = cluster.objects.get(at) ?? make(at);
      change(object);
      version += 1;
      object.metadata.resourceVersion = String(version);
      cluster.objects.set(at, object);
      changed(at);
    },
    remove: (at) => {
      cluster.objects.delete(at);
      changed(at);
    },
    bundles: () =>
      [...cluster.objects.values()].flatMap(({ webhooks = [] }) =>
        webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString()),
      ),
  };
  const server = createServer({ key, cert }, (request, response) => {
    void answer(cluster, watches, request, response);
  });
  server.on('connection', (socket: Socket) => {
    if (cluster.isAway) socket.destroy();
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await writeFile(cluster.place.caFile, ca);
  await writeFile(cluster.place.tokenFile, 'token');
  cluster.put(SECRET, () => undefined);
  cluster.put(FIRST, () => undefined);
  return Object.assign(cluster, {
    place: { ...cluster.place, port: (server.address() as AddressInfo).port },
  });

  function make(at: string): Stored {
    const metadata = { name: path.basename(at), resourceVersion: '' };
    return at === SECRET ? { metadata } : { metadata, webhooks: [{ name: 'a.example', clientConfig: {} }] };
  }
}

async function answer(
  cluster: Cluster,
  watches: Map<ServerResponse, string>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '', 'https://api');
  const what = `${request.method} ${url.pathname}`;
  if (cluster.isAway) return void request.socket.destroy();
  response.setHeader('date', new Date(cluster.now).toUTCString());
  if (url.searchParams.has('watch')) {
    const name = url.searchParams.get('fieldSelector')?.replace('metadata.name=', '') ?? '';
    watches.set(response, `${url.pathname}/${name}`);
    response.on('close', () => watches.delete(response));
    response.write('{"type":"ADDED"}\n');
    return;
  }
  cluster.requests.push(what);
  if (cluster.isSilent) return;
  const send = (status: number, json: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  const body = request.method === 'PATCH' ? (JSON.parse(await text(request)) as Stored) : undefined;
  const object = cluster.objects.get(url.pathname);
  if (cluster.isForbidden(what)) return send(403, {});
  if (body === undefined) return object === undefined ? send(404, {}) : send(200, object);
  if (request.headers['content-type'] === 'application/apply-patch+yaml') {
    if (object === undefined) cluster.put(url.pathname, () => undefined);
    return send(201, cluster.objects.get(url.pathname));
  }
  if (object === undefined) return send(404, {});
  if (body.metadata.resourceVersion !== object.metadata.resourceVersion) return send(409, {});
  cluster.put(url.pathname, (stored) => {
    if (body.data !== undefined) stored.data = { ...stored.data, ...body.data };
    for (const { name, clientConfig } of body.webhooks ?? [])
      for (const one of stored.webhooks ?? [])
        if (one.name === name) Object.assign(one.clientConfig, clientConfig);
  });
  send(200, cluster.objects.get(url.pathname));
}
