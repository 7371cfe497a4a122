/** The webhook and a cluster that is slow, silent or old: reviews are answered all the same. */
import { expect, test } from 'vitest';
import { makeClusterApi } from '../../../src/kubernetes/api-client.ts';
import type { WebhookOptions } from '../../../src/webhook/webhook.ts';
import { plainGet, postReview } from '../client.ts';
import { ARN, podAsking, responseOf, reviewOf } from '../reviews.ts';
import { eventually, runWebhookHere } from '../running.ts';
import { type FakeApiServer, gitVersion, startApiServer } from './api-server.ts';

// Longer than a test may take: nothing may end by them.
const LIMITS = { connectMilliseconds: 600_000, requestMilliseconds: 600_000 };

function native(api: FakeApiServer, checkMilliseconds = 600_000): NonNullable<WebhookOptions['native']> {
  return {
    setting: 'auto',
    api: makeClusterApi(api.place, LIMITS),
    times: {
      intervalMilliseconds: 10,
      failedIntervalMilliseconds: 10,
      checkMilliseconds,
      pauseMilliseconds: 1,
    },
  };
}

test('no review waits for an API server that hangs; readiness does, until the first check gives up', async () => {
  const api = await startApiServer();
  api.trouble = () => true;
  const webhook = await runWebhookHere({ native: native(api) });
  await eventually(
    () => api.requests.length,
    (count) => count === 1,
  );
  expect(await plainGet(webhook.probePort, '/readyz')).toMatchObject({
    status: 503,
    text: 'checking whether the cluster supports native variables and sidecars\n',
  });
  for (let index = 0; index < 20; index += 1) {
    const answer = await postReview(webhook.listenPort, reviewOf(podAsking(), `u-${index}`));
    expect(responseOf(answer.text)).toMatchObject({ uid: `u-${index}`, allowed: true });
  }
  // All that while the one question was open.
  expect([api.requests.length, api.connections()]).toEqual([1, 1]);
  expect((await plainGet(webhook.metricsPort, '/metrics')).text).toMatch(
    /^secrets_injector_native_variables 0$/m,
  );
  await webhook.close();
  await eventually(api.connections, (count) => count === 0);
});

test('is ready when the first check has given up', async () => {
  const api = await startApiServer();
  api.trouble = () => true;
  const webhook = await runWebhookHere({ native: native(api, 50) });
  await eventually(
    () => plainGet(webhook.probePort, '/readyz'),
    ({ status }) => status === 200,
  );
  const [line] = webhook.log.filter(({ message }) => message === 'native variables');
  expect(line).toMatchObject({ native: false, problem: expect.stringContaining('the check took too long') });
});

test('a verdict is logged when it changes, and stands in the metrics', async () => {
  const api = await startApiServer();
  const webhook = await runWebhookHere({ native: native(api) });
  const verdicts = () => webhook.log.filter(({ message }) => message === 'native variables');
  const gauge = async () =>
    /^secrets_injector_native_variables (\d)$/m.exec(
      (await plainGet(webhook.metricsPort, '/metrics')).text,
    )?.[1];
  await eventually(gauge, (value) => value === '1');
  const before = api.requests.length;
  await eventually(
    () => api.requests.length,
    (count) => count > before + 4,
  );
  expect(verdicts()).toEqual([{ message: 'native variables', native: true, probe: true }]);
  api.version = gitVersion('v1.34.2');
  await eventually(gauge, (value) => value === '0');
  expect(verdicts()[1]).toMatchObject({ native: false, problem: expect.stringContaining('"v1.34.2"') });
  expect(verdicts()).toHaveLength(2);
});

test('a pod with refresh is denied until the cluster is known to have native sidecars', async () => {
  const api = await startApiServer();
  api.version = gitVersion('v1.28.4');
  const webhook = await runWebhookHere({ sidecars: native(api) });
  const ask = async () =>
    responseOf(
      (await postReview(webhook.listenPort, reviewOf(podAsking({ 'file.db': ARN, refresh: '5m' }), 'u-1')))
        .text,
    );
  await eventually(
    () => plainGet(webhook.probePort, '/readyz'),
    ({ status }) => status === 200,
  );
  expect(await ask()).toMatchObject({
    allowed: false,
    status: { code: 400, message: expect.stringContaining('REFRESH_UNAVAILABLE') },
  });
  api.version = gitVersion('v1.32.0');
  expect(await eventually(ask, ({ allowed }) => allowed)).toMatchObject({ allowed: true });
  expect(webhook.log.filter(({ message }) => message === 'native sidecars')).toEqual([
    { message: 'native sidecars', native: false, problem: expect.stringContaining('"v1.28.4"') },
    { message: 'native sidecars', native: true },
  ]);
  expect((await plainGet(webhook.metricsPort, '/metrics')).text).toMatch(
    /^secrets_injector_native_sidecars 1$/m,
  );
});

test('nothing of the token or of an answer is logged', async () => {
  const api = await startApiServer();
  await api.setToken('canary-token');
  api.trouble = (_, response) => {
    response.end('canary-answer');
    return true;
  };
  const webhook = await runWebhookHere({ native: native(api) });
  await eventually(
    () => webhook.log.filter(({ message }) => message === 'native variables').length,
    (count) => count > 0,
  );
  expect(JSON.stringify(webhook.log)).not.toContain('canary');
});
