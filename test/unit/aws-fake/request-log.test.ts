import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificate, startStandIn } from '../../aws-fake/index.ts';
import { DB_ARN, getValue, sdkClient, startAccount } from './account.ts';

test('numbers sockets, and counts requests that wait at the same time', async () => {
  const aws = await startAccount();
  // Slower than the time limit of the test, so that they wait at the same time even on a busy machine.
  aws.script('*', { kind: 'slow', ms: 60_000, times: 4 });
  const client = sdkClient(aws);
  const hanging = Array.from({ length: 4 }, () => getValue(client, DB_ARN).catch(() => 'ended'));
  await expect
    .poll(() => aws.requests.map(({ concurrent }) => concurrent), { timeout: 10_000 })
    .toEqual([1, 2, 3, 4]);
  expect(new Set(aws.requests.map(({ connection }) => connection)).size).toBe(4);
  expect(aws.peak).toEqual({ requests: 4, connections: 4 });
  expect(aws.connectionsOpened).toBe(4);
  await aws.stop();
  expect(await Promise.all(hanging)).toEqual(Array(4).fill('ended'));
});

test('reuses a socket, and restarts its counts on reset', async () => {
  const aws = await startAccount();
  aws.script('*', { kind: 'slow', ms: 50, times: 'forever' });
  const client = sdkClient(aws);
  await getValue(client, DB_ARN);
  for (const { startedAt, finishedAt = 0 } of aws.requests)
    expect(finishedAt - startedAt).toBeGreaterThan(45);

  aws.reset();
  await getValue(client, DB_ARN);
  expect(aws.peak.requests).toBe(1);
  expect(aws.connectionsOpened).toBe(1);
});

test('contains hanging requests while they hang', async () => {
  const aws = await startAccount();
  aws.script('*', { kind: 'hang' });
  const hanging = getValue(sdkClient(aws), DB_ARN).catch(() => 'ended');
  await expect
    .poll(() => aws.requests)
    .toMatchObject([{ fault: 'hang', status: undefined, secretId: DB_ARN }]);
  await aws.stop();
  expect(await hanging).toBe('ended');
});

test('serves a certificate of a P-256 authority for the requested names', async () => {
  const aws = await startAccount({ extraNames: ['sts.eu-west-1.amazonaws.com', '10.1.2.3', '::1'] });
  const socket = connect({
    host: aws.host,
    port: aws.port,
    ca: aws.caPem,
    servername: 'sts.eu-west-1.amazonaws.com',
  });
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const certificate = socket.getPeerX509Certificate();
  expect(certificate?.subjectAltName).toBe(
    'DNS:localhost, IP Address:127.0.0.1, DNS:sts.eu-west-1.amazonaws.com, IP Address:10.1.2.3, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(certificate?.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect(new X509Certificate(aws.caPem).ca).toBe(true);
});

test('accepts an existing certificate and address', async () => {
  const tls = await makeCertificate();
  const first = await startStandIn({ tls });
  await first.stop();
  const second = await startStandIn({ tls, port: first.port });
  onTestFinished(() => second.stop());
  expect(second.caPem).toBe(tls.ca);
  expect(second.url).toBe(first.url);
  await expect(startStandIn({ tls, port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
