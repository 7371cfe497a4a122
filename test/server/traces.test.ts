/** Traces of reviews, as a real OpenTelemetry Collector receives them. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { TRACEPARENT_VARIABLE, TRACES_ENDPOINT_VARIABLE } from '../../src/core/names/trace-variables.ts';
import { openTraces } from '../../src/webhook/traces/opentelemetry.ts';
import { makeCertificate } from '../aws-fake/certificates.ts';
import { BAD_RECEIVERS, NO_RECEIVER, startBadReceiver } from '../collector/bad-receivers.ts';
import { type Collector, prepareCollector, startCollector } from '../collector/collector.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { plainGet, postReview } from './client.ts';
import { temporaryDirectory } from './directory.ts';
import { INJECTOR_IMAGE } from './injector-image.ts';
import { ARN, type PodJson, patchedPod, podAsking, responseOf, reviewOf } from './reviews.ts';
import { eventually, type Running, type RunningOptions, runWebhookHere } from './running.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

/** A webhook that sends traces. */
function runTracing(
  endpoint: string,
  traces: Partial<NonNullable<RunningOptions['traces']>> = {},
  caBundle?: RunningOptions['caBundle'],
): Promise<Running> {
  return runWebhookHere({
    injection: { image: INJECTOR_IMAGE, fetcherEnv: [{ name: TRACES_ENDPOINT_VARIABLE, value: endpoint }] },
    traces: { endpoint: new URL(endpoint), ratio: 1, times: { batchMilliseconds: 50 }, ...traces },
    ...(caBundle === undefined ? {} : { caBundle }),
  });
}

/** Sends a review. @returns the variables of the fetcher that are about traces */
async function ask(webhook: Running, pod: PodJson, traceparent?: string): Promise<readonly string[]> {
  const headers = traceparent === undefined ? {} : { traceparent };
  const { status, text } = await postReview(webhook.listenPort, reviewOf(pod), { headers });
  expect(status).toBe(200);
  const response = responseOf(text);
  if (response.patch === undefined) return [];
  const [fetcher] = patchedPod(pod, response).spec.initContainers;
  const names = [TRACEPARENT_VARIABLE, TRACES_ENDPOINT_VARIABLE];
  return (fetcher?.env ?? []).filter(({ name }) => names.includes(name)).map(({ value = '' }) => value);
}

async function countOf(webhook: Running, result: string): Promise<number> {
  const { text } = await plainGet(webhook.metricsPort, '/metrics');
  return Number(new RegExp(`trace_spans_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1]);
}

const unavailable = await prepareCollector();

describe.skipIf(unavailable !== undefined)(`a collector ${unavailable ?? ''}`, () => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector();
  });
  afterAll(() => collector.stop());

  it('receives a span for a review, which the pod continues', async () => {
    const webhook = await runTracing(collector.endpoint);
    expect((await plainGet(webhook.probePort, '/readyz')).status).toBe(200);
    const [endpoint, traceparent = ''] = await ask(webhook, podAsking());
    expect(endpoint).toBe(collector.endpoint);
    const [, traceId = '', spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(traceparent) ?? [];
    const spans = await collector.waitFor(1, traceId);
    expect(spans).toMatchObject([
      {
        service: 'aws-secrets-injector-webhook',
        name: 'admission review',
        spanId,
        parentSpanId: '',
        kind: 2,
        status: 0,
        attributes: {
          'k8s.namespace.name': 'shop',
          'k8s.pod.name': 'shop-*',
          'secrets_injector.review.uid': 'uid-1',
          'secrets_injector.dry_run': false,
          'secrets_injector.outcome': 'injected',
          'secrets_injector.reason': 'none',
          'secrets_injector.references': 1,
          'secrets_injector.secrets': 1,
          'secrets_injector.containers': 1,
          'secrets_injector.warnings': 0,
        },
      },
    ]);
    const [span] = spans;
    expect(span !== undefined && span.start <= span.end).toBe(true);
    // The review that readiness sends is not among them.
    await webhook.close();
    expect(collector.spans().map((one) => one.traceId)).toEqual([traceId]);
  });

  it('receives a span below that of the API server, if it sampled the trace', async () => {
    const webhook = await runTracing(collector.endpoint, { ratio: 0 });
    const [, traceparent] = await ask(webhook, podAsking(), `00-${TRACE}-${CALLER}-01`);
    const [span] = await collector.waitFor(1, TRACE);
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: CALLER });
    expect(traceparent).toBe(`00-${TRACE}-${span?.spanId}-01`);
    expect(await countOf(webhook, 'sent')).toBe(1);
  });

  it.each([
    ['the API server did not sample', 1, `00-${TRACE}-${CALLER}-00`],
    ['the ratio leaves out', 0, undefined],
    ['the ratio leaves out, with a header that is none', 0, `00-${'0'.repeat(32)}-${CALLER}-01`],
  ])('receives nothing of a review that %s', async (_name, ratio, header) => {
    const before = collector.spans().length;
    const webhook = await runTracing(collector.endpoint, { ratio });
    expect(await ask(webhook, podAsking(), header)).toEqual([collector.endpoint]);
    // A later review, which is sampled.
    const marker = randomBytes(16).toString('hex');
    await ask(webhook, podAsking(), `00-${marker}-${CALLER}-01`);
    await collector.waitFor(1, marker);
    expect(collector.spans().length).toBe(before + 1);
  });

  it.each([
    ['an endless one', `00-${TRACE}-${CALLER}-01-${'x'.repeat(4000)}`],
    ['one in uppercase', `00-${TRACE.toUpperCase()}-${CALLER}-01`],
    ['a text', CANARY],
  ])('receives a trace of its own for a header that is none: %s', async (_name, header) => {
    const webhook = await runTracing(collector.endpoint);
    const [, traceparent = ''] = await ask(webhook, podAsking(), header);
    const [, traceId = ''] = traceparent.split('-');
    expect(traceId).not.toBe(TRACE);
    expect(await collector.waitFor(1, traceId)).toMatchObject([{ parentSpanId: '' }]);
  });

  it('receives codes and counts of what was denied, but no text of users', async () => {
    const webhook = await runTracing(collector.endpoint);
    const pod = podAsking({ 'file.db': `${ARN}-${CANARY}`, [CANARY]: CANARY, 'env.X': ARN });
    expect(await ask(webhook, pod, `00-${TRACE.replace('0', '1')}-${CALLER}-01`)).toEqual([]);
    const [span] = await collector.waitFor(1, TRACE.replace('0', '1'));
    expect(span?.attributes).toMatchObject({
      'secrets_injector.outcome': 'denied',
      'secrets_injector.reason': expect.stringMatching(/^[A-Z_]+$/),
      'secrets_injector.problems': expect.any(Number),
    });
    expectNoCanary([collector.text()]);
    expect(collector.text()).not.toContain('arn:aws');
  });

  it('with a certificate of an own authority receives spans once the webhook trusts it', async () => {
    const { ca, ...tls } = await makeCertificate();
    const secure = await startCollector(tls);
    onTestFinished(() => secure.stop());
    const file = path.join(await temporaryDirectory(onTestFinished), 'ca.crt');
    await writeFile(file, (await makeCertificate()).ca);
    const webhook = await runTracing(secure.endpoint, {}, { file, checkMilliseconds: 20 });
    await ask(webhook, podAsking());
    await eventually(
      () => countOf(webhook, 'failed'),
      (count) => count === 1,
    );
    expect(secure.spans()).toEqual([]);
    await writeFile(file, ca);
    await eventually(
      () => webhook.log.filter(({ message }) => message === 'certificate authorities in use').length,
      (times) => times >= 2,
    );
    await ask(webhook, podAsking());
    expect(await secure.waitFor(1)).toMatchObject([{ name: 'admission review' }]);
  });

  it('receives what is left when the webhook closes', async () => {
    const webhook = await runTracing(collector.endpoint, { times: { batchMilliseconds: 3_600_000 } });
    const traces = await Promise.all(Array.from({ length: 200 }, () => ask(webhook, podAsking())));
    await webhook.close();
    for (const [, traceparent = ''] of traces) await collector.waitFor(1, traceparent.split('-')[1]);
  });
});

describe('reviews are answered as ever with a receiver', () => {
  it.each(Object.entries(BAD_RECEIVERS))('%s', async (_name, answer) => {
    const receiver = await startBadReceiver(answer);
    const webhook = await runTracing(receiver.endpoint, {
      times: { batchMilliseconds: 1, requestMilliseconds: 200, closeMilliseconds: 300 },
    });
    for (let review = 0; review < 20; review += 1) await ask(webhook, podAsking());
    await eventually(receiver.requests, (requests) => requests > 0);
    expect((await plainGet(webhook.probePort, '/readyz')).status).toBe(200);
    await webhook.close();
  });

  it('that does not exist, which is counted, and logged once', async () => {
    const webhook = await runTracing(NO_RECEIVER);
    for (let review = 0; review < 100; review += 1) await ask(webhook, podAsking());
    await eventually(
      () => countOf(webhook, 'failed'),
      (count) => count === 100,
    );
    expect(webhook.log.filter(({ message }) => message.includes('traces'))).toEqual([
      { message: 'traces cannot be sent', problem: 'ECONNREFUSED' },
    ]);
  });
});

it('spans that wait have a limit', async () => {
  const receiver = await startBadReceiver(BAD_RECEIVERS['that never answers'] ?? (() => undefined));
  const counts: Record<string, number> = {};
  const traces = openTraces({
    endpoint: new URL(receiver.endpoint),
    ratio: 1,
    authorities: () => undefined,
    count: (result, spans) => {
      counts[result] = (counts[result] ?? 0) + spans;
    },
    report: () => undefined,
    times: { closeMilliseconds: 100 },
  });
  const facts = { uid: 'u', namespace: 'n', name: 'p', operation: 'CREATE', dryRun: false };
  for (let review = 0; review < 3000; review += 1)
    traces.begin(undefined)?.end(facts, { kind: 'unchanged', reason: 'nothing-asked', warnings: [] });
  expect(counts).toEqual({ dropped: 3000 - 2048 });
  await traces.close();
});

it('without an endpoint, a pod gets no variable, whatever the request contains', async () => {
  const webhook = await runWebhookHere();
  expect(await ask(webhook, podAsking(), `00-${TRACE}-${CALLER}-01`)).toEqual([]);
});
