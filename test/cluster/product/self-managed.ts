/**
 * The webhook with self-managed certificates beside an API server without a node: replicas in this process, with the service
 * account, the rights, the Secret and the registrations of the manifests.
 */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from 'node:tls';
import { parseAllDocuments } from 'yaml';
import type { ClusterPlace } from '../../../src/kubernetes/api-client.ts';
import { makeLogger } from '../../../src/runtime/log/logger.ts';
import { DEFAULT_LIMITS } from '../../../src/webhook/server/limits.ts';
import { startWebhook, type Webhook, type WebhookOptions } from '../../../src/webhook/webhook.ts';
import { ROOT } from '../../image/built-image.ts';
import { plainGet } from '../../server/client.ts';
import { INJECTOR_IMAGE } from '../../server/injector-image.ts';
import { markedProcesses } from '../processes.ts';
import { until } from '../until.ts';
import type { Api } from './api.ts';
import { PRODUCT_NAMESPACE } from './install.ts';
import { administrator, loadPod, post } from './pod-requests.ts';

const BASE = [
  'namespace',
  'service-account',
  'certificate-access',
  'certificate-authority',
  'mutating-webhook-configuration',
];
const FILES = [
  ...BASE.map((name) => `manifests/base/${name}.yaml`),
  'manifests/components/second-pass/registration/mutating-webhook-configuration.yaml',
];
export const CA_SECRET = 'secret/aws-secrets-injector-webhook-ca';
export const REGISTRATIONS = ['aws-secrets-injector', 'zz-aws-secrets-injector'];

interface Webhooks {
  readonly metadata: { readonly name: string };
  readonly webhooks: readonly { readonly name: string; clientConfig: object }[];
}

/**
 * The manifests, with webhooks that the API server reaches on this machine.
 * @param ports of the replicas
 * @param repeatsCalls whether the first registration repeats failed calls, as in the manifests. That would hide failures
 */
export function manifests(ports: readonly number[], repeatsCalls = false): string {
  const [first = 0, second = 0, third = 0] = ports;
  const objects = FILES.flatMap((file) => parseAllDocuments(readFileSync(path.join(ROOT, file), 'utf8')));
  const items = objects.map((document) => {
    const object = document.toJS() as Webhooks;
    if (object.webhooks === undefined) return object;
    const webhook = object.webhooks.find(({ name }) => !name.startsWith('verify.'));
    const clientConfig = (port: number): object => ({ url: `https://localhost:${port}/mutate` });
    const once = (port: number, name = webhook?.name): object => ({
      ...webhook,
      name,
      clientConfig: clientConfig(port),
      failurePolicy: 'Fail',
    });
    if (object.metadata.name !== REGISTRATIONS[0])
      return { ...object, webhooks: [once(second), once(third, 'third.secrets-injector.dev')] };
    return {
      ...object,
      webhooks: repeatsCalls
        ? object.webhooks.map((one) => ({ ...one, clientConfig: clientConfig(first) }))
        : [once(first)],
    };
  });
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/**
 * Starts replicas that use the service account of the manifests.
 * @param lifetimes in seconds
 * @param more further options, made with the place of the API server
 */
export async function startReplicas(
  api: Api,
  lifetimes: { readonly ca: number; readonly certificate: number },
  ports: readonly number[],
  more: (place: ClusterPlace) => Partial<WebhookOptions> = () => ({}),
): Promise<readonly Webhook[]> {
  const { facts } = api.cluster;
  const folder = path.join(facts.directory, 'replicas');
  mkdirSync(folder, { recursive: true });
  const tokenFile = path.join(folder, 'token');
  const token = await api.kubectl(
    `--namespace=${PRODUCT_NAMESPACE}`,
    'create',
    'token',
    'aws-secrets-injector',
  );
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const { hostname, port } = new URL(facts.apiServerUrl);
  const place = { host: hostname, port: Number(port), tokenFile, caFile: facts.caFile };
  return await Promise.all(
    ports.map((listenPort) =>
      startWebhook(
        {
          injection: { image: INJECTOR_IMAGE },
          limits: DEFAULT_LIMITS,
          listenPort,
          probePort: 0,
          metricsPort: 0,
          listenAddress: '127.0.0.1',
          certificates: {
            source: 'self',
            place,
            namespace: PRODUCT_NAMESPACE,
            secret: 'aws-secrets-injector-webhook-ca',
            registrations: REGISTRATIONS,
            dnsNames: ['localhost'],
            caLifetime: lifetimes.ca * 1000,
            certificateLifetime: lifetimes.certificate * 1000,
          },
          ...more(place),
        },
        makeLogger('silent'),
      ),
    ),
  );
}

export async function untilReady(replicas: readonly Webhook[]): Promise<void> {
  for (const { probePort } of replicas)
    await until('a replica to be ready', { seconds: 60 }, async () => {
      const { status, text: why } = await plainGet(probePort, '/readyz');
      if (status !== 200) throw new Error(why);
      return true;
    });
}

export interface Load {
  /** The answers without an injected pod. */
  readonly failures: readonly string[];
  /** Waits for this number of further pods. */
  more(count: number): Promise<void>;
  /** @returns the number of injected pods */
  stop(): Promise<number>;
}

/** Creates pods, one after the other, until it is stopped. Every pod calls all replicas, each on a new connection. */
export function keepCreating(api: Api, namespace: string): Load {
  const { apiServerUrl } = api.cluster.facts;
  const agent = administrator(api.cluster.facts);
  const url = new URL(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, apiServerUrl);
  const failures: string[] = [];
  let [isOver, count] = [false, 0];
  const running = (async () => {
    while (!isOver) {
      const answer = await post(url, agent, loadPod()).catch((error: Error) => error.message);
      if (answer.includes('"aws-secrets-fetch"')) count += 1;
      else failures.push(answer.slice(0, 1000));
    }
    agent.destroy();
  })();
  return {
    failures,
    more: async (further) => {
      const wanted = count + further;
      await until(`${further} more pods`, { seconds: 60 }, () => (count >= wanted ? true : undefined));
    },
    stop: async () => {
      isOver = true;
      await running;
      return count;
    },
  };
}

/** The certificate that a replica shows. */
export function shownCertificate({ listenPort }: Webhook): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: listenPort, rejectUnauthorized: false });
    socket.on('error', reject).on('secureConnect', () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
  });
}

/** The process of the API server. */
export function apiServerProcess(api: Api): number {
  const found = markedProcesses(api.cluster.facts.directory).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.endsWith('kube-apiserver'),
  );
  if (found === undefined) throw new Error('the API server does not run');
  return found;
}
