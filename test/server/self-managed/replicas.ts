/** Replicas of the webhook with self-managed certificates, and reviews that trust `caBundle` alone, as an API server does. */
import { X509Certificate } from 'node:crypto';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { expect } from 'vitest';
import { readBundle } from '../../../src/webhook/certificates/self-managed/ca-bundle.ts';
import { ClusterClock } from '../../../src/webhook/certificates/self-managed/cluster-clock.ts';
import type { SelfManagedOptions } from '../../../src/webhook/certificates/self-managed/self-managed.ts';
import { plainGet } from '../client.ts';
import { podAsking, responseOf, reviewOf } from '../reviews.ts';
import { eventually, type Running, runWebhookHere } from '../running.ts';
import type { Cluster } from './cluster.ts';

export const NAME = 'webhook.injector.svc';
export const DAY = 24 * 60 * 60 * 1000;

export function selfManaged(cluster: Cluster, options: Partial<SelfManagedOptions> = {}): SelfManagedOptions {
  return {
    place: cluster.place,
    namespace: 'injector',
    secret: 'ca',
    registrations: ['first', 'second'],
    dnsNames: [NAME],
    caLifetime: 90 * DAY,
    certificateLifetime: 7 * DAY,
    checkMilliseconds: 20,
    ...options,
  };
}

export function startReplica(cluster: Cluster, options: Partial<SelfManagedOptions> = {}): Promise<Running> {
  return runWebhookHere({
    leaf: null,
    certificates: { source: 'self', ...selfManaged(cluster, options) },
  });
}

/** A replica whose node has another clock. */
export function startReplicaAt(cluster: Cluster, clock: () => number): Promise<Running> {
  return startReplica(cluster, { clock: new ClusterClock(clock) });
}

export async function untilReady(...replicas: readonly Running[]): Promise<void> {
  for (const { probePort } of replicas)
    await eventually(
      () => plainGet(probePort, '/readyz'),
      ({ status }) => status === 200,
    );
}

/**
 * Sends a review on a new connection. @throws Error unless the certificate has the name, is valid at the time of the cluster,
 * and has a CA in every `caBundle`, and the pod is injected
 */
export async function review({ listenPort }: Running, cluster: Cluster): Promise<X509Certificate> {
  const { certificate, answer } = await post(listenPort, reviewOf(podAsking(), 'u'));
  const problem = distrust(certificate, cluster);
  if (problem !== undefined) throw new Error(`the review failed: ${problem}`);
  expect(responseOf(answer)).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
  return certificate;
}

/** Why an API server would reject the certificate. The real clock does not matter, so OpenSSL cannot decide. */
function distrust(certificate: X509Certificate, cluster: Cluster): string | undefined {
  const isValid = ({ validFromDate, validToDate }: X509Certificate): boolean =>
    validFromDate.getTime() <= cluster.now && cluster.now <= validToDate.getTime();
  if (certificate.checkHost(NAME) === undefined) return 'another name';
  if (!isValid(certificate)) return `not valid at ${new Date(cluster.now).toISOString()}`;
  const isTrusted = cluster
    .bundles()
    .every((pem) =>
      readBundle(pem).some(
        (ca) => ca.ca && isValid(ca) && certificate.checkIssued(ca) && certificate.verify(ca.publicKey),
      ),
    );
  return isTrusted ? undefined : 'unknown authority';
}

function post(port: number, body: string): Promise<{ certificate: X509Certificate; answer: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        path: '/mutate',
        method: 'POST',
        rejectUnauthorized: false,
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) },
      },
      (response) => {
        const certificate = new X509Certificate((response.socket as TLSSocket).getPeerCertificate().raw);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ certificate, answer: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends reviews to the replicas in turn until it is stopped. */
export function keepReviewing(
  replicas: readonly Running[],
  cluster: Cluster,
): { stop(): Promise<number>; readonly failures: readonly string[] } {
  const failures: string[] = [];
  let [isOver, count] = [false, 0];
  const running = (async () => {
    while (!isOver) {
      for (const replica of replicas)
        await review(replica, cluster).catch((error: Error) => failures.push(error.message));
      count += 1;
    }
  })();
  return {
    failures,
    stop: async () => {
      isOver = true;
      await running;
      return count;
    },
  };
}
