/** With the setting client-ca-file, only clients with a certificate get answers: an API server can have one. */
import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import path from 'node:path';
import { generate } from 'selfsigned';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { plainGet, postReview } from './client.ts';
import { temporaryDirectory } from './directory.ts';
import { podAsking, responseOf, reviewOf } from './reviews.ts';
import { runWebhookHere } from './running.ts';

interface Pair {
  readonly cert: string;
  readonly private: string;
}

let authority: Pair;
let client: Pair;
let stranger: Pair;

beforeAll(async () => {
  const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const extensions = [{ name: 'basicConstraints', cA: true, critical: true }] as const;
  authority = await generate([{ name: 'commonName', value: 'client-ca' }], {
    ...common,
    extensions: [...extensions],
  });
  client = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
  });
  stranger = await generate([{ name: 'commonName', value: 'kube-apiserver' }], common);
});

async function start() {
  const directory = await temporaryDirectory(onTestFinished);
  const clientCaFile = path.join(directory, 'client-ca.crt');
  await writeFile(clientCaFile, authority.cert);
  return runWebhookHere({ clientCaFile });
}

function agentOf(pair: Pair | undefined): Agent {
  const agent = new Agent(pair === undefined ? {} : { cert: pair.cert, key: pair.private });
  onTestFinished(() => agent.destroy());
  return agent;
}

test('a client with a certificate is answered, and others get 403', async () => {
  const { listenPort, metricsPort } = await start();
  const review = reviewOf(podAsking());
  const answer = await postReview(listenPort, review, { agent: agentOf(client) });
  expect(responseOf(answer.text).allowed).toBe(true);
  for (const pair of [undefined, stranger]) {
    const refused = await postReview(listenPort, review, { agent: agentOf(pair) });
    expect(refused).toMatchObject({ status: 403, headers: { connection: 'close' } });
    expect(refused.text).toBe('{"error":"a client certificate is required"}');
  }
  const forged = { 'x-own-review': '00000000-0000-4000-8000-000000000000' };
  expect((await postReview(listenPort, review, { headers: forged })).status).toBe(403);
  const { text } = await plainGet(metricsPort, '/metrics');
  expect(text).toMatch(/^secrets_injector_refused_requests_total\{status="403"\} 3$/m);
});

test('the readiness check needs no certificate', async () => {
  const { probePort } = await start();
  expect(await plainGet(probePort, '/readyz')).toMatchObject({ status: 200 });
});

test.each([
  ['is missing', undefined, 'ENOENT'],
  ['contains no certificate', 'hello', 'ERR_CLIENT_CA'],
])('a file that %s keeps the webhook from starting', async (_name, content, code) => {
  const directory = await temporaryDirectory(onTestFinished);
  const clientCaFile = path.join(directory, 'client-ca.crt');
  if (content !== undefined) await writeFile(clientCaFile, content);
  await expect(runWebhookHere({ clientCaFile })).rejects.toMatchObject({ code });
});
