import { describe, expect, test } from 'vitest';
import { REASONS } from '../../src/core/decide/outcome.ts';
import { ADMISSION_CODES } from '../../src/core/problems/admission-codes.ts';
import { makeLeaf } from './certificates.ts';
import { connectRaw, plainGet, postReview } from './client.ts';
import { podAsking, reviewOf } from './reviews.ts';
import { eventually, runWebhookHere, writeLeaf } from './running.ts';

describe('readiness', () => {
  test('is true with a valid certificate, and its own review is neither logged nor counted', async () => {
    const { probePort, metricsPort, log } = await runWebhookHere();
    expect(await plainGet(probePort, '/readyz')).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^ok\ncertificate: source files, in use since \S+Z, expires \S+Z\n$/),
    });
    expect(log.filter((line) => line.message === 'decided')).toEqual([]);
    expect((await plainGet(metricsPort, '/metrics')).text).toMatch(/review_duration_seconds_count 0/);
  });

  test('is false before there is a certificate, and true soon after', async () => {
    const { probePort, directory } = await runWebhookHere({ leaf: null });
    expect(await plainGet(probePort, '/readyz')).toMatchObject({
      status: 503,
      text: expect.stringMatching(/^no certificate: \S+ cannot be read: ENOENT\n$/),
    });
    expect((await plainGet(probePort, '/livez')).status).toBe(200);
    await writeLeaf(directory, await makeLeaf());
    await eventually(
      () => plainGet(probePort, '/readyz'),
      (answer) => answer.status === 200,
    );
  });

  test.each([
    ['expired', { from: -3, to: -1 }],
    ['not valid yet', { from: 1, to: 3 }],
  ])('is false with a certificate that is %s', async (_name, validity) => {
    const { probePort } = await runWebhookHere({ leaf: await makeLeaf(validity) });
    expect(await plainGet(probePort, '/readyz')).toMatchObject({
      status: 503,
      text: 'the certificate is expired or not valid yet\n',
    });
  });

  test('is false from the first moment of draining, while reviews are still answered and connections closed', async () => {
    const webhook = await runWebhookHere();
    expect((await plainGet(webhook.probePort, '/readyz')).status).toBe(200);
    webhook.drain();
    expect(await plainGet(webhook.probePort, '/readyz')).toMatchObject({ status: 503, text: 'draining\n' });
    const answer = await postReview(webhook.listenPort, reviewOf(podAsking()));
    expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect((await postReview(webhook.listenPort, 'x')).headers.connection).toBe('close');
  });

  test('asks once for probes that come together, and anew a second later', async () => {
    const webhook = await runWebhookHere();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => plainGet(webhook.probePort, '/readyz')),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    await webhook.close();
    // The admin server is closed too: what is left of the check is asked directly in the unit tests.
    await expect(plainGet(webhook.probePort, '/readyz')).rejects.toThrow();
  });
});

test('metrics have labels from closed sets only', async () => {
  const webhook = await runWebhookHere();
  const reviews = [
    reviewOf(podAsking()),
    reviewOf(podAsking({ 'canary-annotation': 'canary' })),
    reviewOf(podAsking({ 'file.x': 'canary', 'env.1CANARY': 'canary' })),
    reviewOf({ metadata: {}, spec: {} }),
    reviewOf(podAsking({ inject: 'false' })),
    reviewOf(podAsking()).replace('"CREATE"', '"CANARY"'),
    reviewOf(podAsking()).replace('admission.k8s.io/v1', 'canary'),
  ];
  const seriesBefore = seriesIn((await plainGet(webhook.metricsPort, '/metrics')).text);
  for (const review of reviews) await postReview(webhook.listenPort, review);
  await postReview(webhook.listenPort, 'canary', { path: '/canary' });
  await postReview(webhook.listenPort, 'canary', { headers: { 'content-type': 'text/canary' } });
  const { text, headers } = await plainGet(webhook.metricsPort, '/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text.toLowerCase()).not.toContain('canary');
  // A series that begins at 1 would hide its first increase from Prometheus.
  expect(seriesIn(text)).toEqual(seriesBefore);
  expect(text).toMatch(/^secrets_injector_plan_size_bytes_bucket\{le="512"\} 1$/m);
  expect(text).toMatch(/^secrets_injector_pod_references_sum 1$/m);
  const series = [
    ...text.matchAll(/^secrets_injector_reviews_total\{outcome="(.*)",reason="(.*)"\} (\d+)$/gm),
  ];
  expect(series.reduce((sum, match) => sum + Number(match[3]), 0)).toBe(reviews.length);
  for (const [, outcome = '', reason = ''] of series) {
    expect(['injected', 'unchanged', 'denied', 'failed']).toContain(outcome);
    expect(['none', ...Object.keys(REASONS), ...Object.keys(ADMISSION_CODES)]).toContain(reason);
  }
  expect(text).toMatch(/^secrets_injector_refused_requests_total\{status="404"\} 1$/m);
  expect(text).toMatch(/^secrets_injector_refused_requests_total\{status="415"\} 1$/m);
  expect(text).toMatch(/^secrets_injector_certificate_expiry_timestamp_seconds 1[0-9.e+]{9,}$/m);
  expect(text).toMatch(/^secrets_injector_build_info\{version="dev",node="v\d+\..*"\} 1$/m);
});

/** The series of the injector, without their values. */
function seriesIn(text: string): readonly string[] {
  return [...text.matchAll(/^(secrets_injector_\S+) /gm)].map(([, series = '']) => series).toSorted();
}

test('the plain port answers nothing else', async () => {
  const { probePort } = await runWebhookHere();
  expect((await plainGet(probePort, '/mutate', 'POST')).status).toBe(404);
  expect((await plainGet(probePort, '/readyz', 'POST')).status).toBe(405);
  expect((await plainGet(probePort, '/readyz', 'HEAD')).status).toBe(200);
});

test('the TLS port does not answer probes', async () => {
  const { listenPort } = await runWebhookHere();
  expect((await postReview(listenPort, '', { path: '/metrics', method: 'GET' })).status).toBe(404);
});

test('an idle connection does not hold up closing', async () => {
  const webhook = await runWebhookHere();
  const { socket, closed, waitFor } = await connectRaw(webhook.listenPort);
  const body = reviewOf({});
  socket.write(
    `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await waitFor(/"uid"/);
  await webhook.close();
  await closed;
});
