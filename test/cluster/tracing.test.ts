/** Traces from a real API server, without a node, to a real OpenTelemetry Collector. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRACEPARENT_VARIABLE, TRACES_ENDPOINT_VARIABLE } from '../../src/core/names/trace-variables.ts';
import { type Collector, prepareCollector, startCollector } from '../collector/collector.ts';
import { INJECTOR_IMAGE } from '../server/injector-image.ts';
import { clusterUnavailable } from './cluster.ts';
import type { KubernetesObject } from './product/api.ts';
import { type OneReplica, startOneReplica } from './product/one-replica.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane') ?? (await prepareCollector());
if (unavailable !== undefined) process.stderr.write(`the tests of traces are skipped: ${unavailable}\n`);

const CLIENT = 'b'.repeat(16);
const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-tracing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The flag of an API server that sends its spans, but samples none by itself. */
function tracingFlag(grpcEndpoint: string): string {
  const file = path.join(folder, 'tracing.yaml');
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1beta1',
    kind: 'TracingConfiguration',
    endpoint: grpcEndpoint,
    samplingRatePerMillion: 0,
  };
  writeFileSync(file, JSON.stringify(configuration));
  return `--tracing-config-file=${file}`;
}

describe.skipIf(unavailable !== undefined).each([
  ['without a tracing configuration', false],
  ['with a tracing configuration', true],
])('an API server %s', (_name, isTracing) => {
  let running: OneReplica;
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector();
    const traces = { endpoint: new URL(collector.endpoint), ratio: 1, times: { batchMilliseconds: 50 } };
    const injection = {
      image: INJECTOR_IMAGE,
      fetcherEnv: [{ name: TRACES_ENDPOINT_VARIABLE, value: collector.endpoint }],
    };
    running = await startOneReplica(
      () => ({ injection, traces }),
      isTracing ? [tracingFlag(collector.grpcEndpoint)] : [],
    );
  });
  afterAll(async () => {
    await running?.stop();
    await collector?.stop();
  });

  /** The trace context of a created pod. */
  async function traceOf(name: string): Promise<string | undefined> {
    const pod = await running.api.get<{
      readonly spec: {
        readonly initContainers: readonly { readonly env: readonly { name: string; value?: string }[] }[];
      };
    }>(running.namespace, 'pod', name);
    const [fetcher] = pod.spec.initContainers;
    return fetcher?.env.find((one) => one.name === TRACEPARENT_VARIABLE)?.value;
  }

  const reviewOf = (name: string) =>
    collector.spans().find(({ attributes }) => attributes['k8s.pod.name'] === name);

  it('passes on the trace of its client, and the pod continues the review', async () => {
    const traceId = randomBytes(16).toString('hex');
    await createTraced(running.pod('traced'), traceId);
    const review = await until('the span of the review', { seconds: 30 }, () => reviewOf('traced'));
    expect(review.traceId).toBe(traceId);
    expect(await traceOf('traced')).toBe(`00-${traceId}-${review.spanId}-01`);
    if (!isTracing) {
      expect(review.parentSpanId).toBe(CLIENT);
      return;
    }
    const parent = await until('the span of the API server', { seconds: 60 }, () =>
      collector.spans().find(({ spanId }) => spanId === review.parentSpanId),
    );
    expect(parent).toMatchObject({ service: 'apiserver', traceId });
    expect(parent.start <= review.start && review.end <= parent.end).toBe(true);
  });

  it(`of a client without a trace: ${isTracing ? 'its decision applies' : 'the review begins one'}`, async () => {
    await running.api.mustCreate(running.pod('untraced'));
    const traceparent = await traceOf('untraced');
    if (isTracing) {
      expect(traceparent).toBeUndefined();
      return;
    }
    const review = await until('the span of the review', { seconds: 30 }, () => reviewOf('untraced'));
    expect(review.parentSpanId).toBe('');
    expect(traceparent).toBe(`00-${review.traceId}-${review.spanId}-01`);
  });

  /** Creates a pod as an administrator who traces. */
  async function createTraced(pod: KubernetesObject, traceId: string): Promise<void> {
    const { kubeconfig, apiServerUrl, caFile } = running.api.cluster.facts;
    const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
      users: { user: { 'client-certificate': string; 'client-key': string } }[];
    };
    const body = JSON.stringify(pod);
    const answer = await new Promise<string>((resolve, reject) => {
      const sent = request(
        new URL(`/api/v1/namespaces/${running.namespace}/pods`, apiServerUrl),
        {
          method: 'POST',
          ca: readFileSync(caFile),
          cert: readFileSync(users[0]?.user['client-certificate'] ?? ''),
          key: readFileSync(users[0]?.user['client-key'] ?? ''),
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            traceparent: `00-${traceId}-${CLIENT}-01`,
          },
        },
        (response) => resolve(text(response)),
      );
      sent.on('error', reject);
      sent.end(body);
    });
    expect(answer).toContain('aws-secrets-fetch');
  }
});
