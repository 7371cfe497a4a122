import { X509Certificate } from 'node:crypto';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type Leaf, makeLeaf } from './certificates.ts';
import { connectRaw, plainGet, postReview } from './client.ts';
import { podAsking, responseOf, reviewOf } from './reviews.ts';
import { eventually, type Running, runWebhookHere, writeLeaf } from './running.ts';

/** The certificate that a new connection is shown. */
async function shown(webhook: Running): Promise<string> {
  const { socket } = await connectRaw(webhook.listenPort);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function fingerprint(leaf: Leaf): string {
  return new X509Certificate(leaf.cert).fingerprint256;
}

/** Asks until `isOver`, and counts the answers. Any failed request rejects. */
async function keepAsking(webhook: Running, isOver: () => boolean): Promise<number> {
  let answers = 0;
  while (!isOver()) {
    const answer = await postReview(webhook.listenPort, reviewOf(podAsking(), `u-${answers}`));
    expect(responseOf(answer.text)).toMatchObject({ uid: `u-${answers}`, allowed: true });
    answers += 1;
  }
  return answers;
}

test('a new pair is taken into use under load, and no request is lost', async () => {
  const webhook = await runWebhookHere();
  const [before, old, kept] = [await shown(webhook), await makeLeaf(), await connectRaw(webhook.listenPort)];
  let isOver = false;
  const load = Promise.all(Array.from({ length: 4 }, () => keepAsking(webhook, () => isOver)));
  const wanted = fingerprint(old);
  await writeLeaf(webhook.directory, old);
  await eventually(
    () => shown(webhook),
    (now) => now === wanted,
  );
  isOver = true;
  expect(Math.min(...(await load))).toBeGreaterThan(0);
  expect(before).not.toBe(wanted);
  // The connection from before goes on with its old certificate.
  const body = reviewOf({}, 'late');
  kept.socket.write(
    `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await kept.waitFor(/"uid":"late"/);
  kept.socket.destroy();
});

test('a mounted Secret is followed through the symbolic link that kubelet renames', async () => {
  const [first, second] = [await makeLeaf(), await makeLeaf()];
  const webhook = await runWebhookHere({ leaf: null });
  const { directory } = webhook;
  const publish = async (name: string, leaf: Leaf): Promise<void> => {
    await mkdir(path.join(directory, name));
    await writeLeaf(path.join(directory, name), leaf);
    await symlink(name, path.join(directory, '..data_tmp'));
    await rename(path.join(directory, '..data_tmp'), path.join(directory, '..data'));
  };
  await publish('..2026_1', first);
  for (const file of ['tls.crt', 'tls.key'])
    await symlink(path.join('..data', file), path.join(directory, file));
  await eventually(
    () => webhook.log.filter((line) => line.message === 'certificate in use').length,
    (count) => count === 1,
  );
  expect(await shown(webhook)).toBe(fingerprint(first));
  await publish('..2026_2', second);
  await rm(path.join(directory, '..2026_1'), { recursive: true });
  await eventually(
    () => shown(webhook),
    (now) => now === fingerprint(second),
  );
});

test.each([
  [
    'a key of another certificate',
    async (one: Leaf, other: Leaf) => ({ cert: one.cert, key: other.key }),
    /is not the key/,
  ],
  [
    'half a certificate',
    async (one: Leaf) => ({ cert: one.cert.slice(0, 300), key: one.key }),
    /contains no certificate/,
  ],
  ['an empty key', async (one: Leaf) => ({ cert: one.cert, key: '' }), /contains no unencrypted private key/],
  ['an expired certificate', async () => await makeLeaf({ from: -3, to: -1 }), /expired or not valid yet/],
  ['a certificate of the future', async () => await makeLeaf({ from: 1, to: 3 }), /expired or not valid yet/],
])('%s keeps the old pair, and is followed by the next good one', async (_name, spoil, problem) => {
  const webhook = await runWebhookHere();
  const before = await shown(webhook);
  const [one, other] = [await makeLeaf(), await makeLeaf()];
  const spoilt = await spoil(one, other);
  await writeLeaf(webhook.directory, spoilt);
  const complaints = (): readonly string[] => webhook.log.flatMap((line) => line.problem ?? []);
  await eventually(complaints, (lines) => lines.some((line) => problem.test(line)));
  expect(await shown(webhook)).toBe(before);
  expect((await plainGet(webhook.probePort, '/readyz')).status).toBe(200);
  expect(JSON.stringify(webhook.log)).not.toContain(spoilt.key.split('\n')[1] || 'PRIVATE KEY');
  expect((await plainGet(webhook.metricsPort, '/metrics')).text).toMatch(
    /certificate_loads_total\{result="failed"\} [1-9]/,
  );
  await writeLeaf(webhook.directory, other);
  await eventually(
    () => shown(webhook),
    (now) => now === fingerprint(other),
  );
});

test('a directory that was replaced, which no watch sees, is found by the periodic check', async () => {
  const webhook = await runWebhookHere({ certificateCheckMilliseconds: 50 });
  const leaf = await makeLeaf();
  await rename(webhook.directory, `${webhook.directory}-old`);
  await rm(`${webhook.directory}-old`, { recursive: true });
  await mkdir(webhook.directory);
  await writeFile(path.join(webhook.directory, 'tls.key'), leaf.key);
  await writeFile(path.join(webhook.directory, 'tls.crt'), leaf.cert);
  await eventually(
    () => shown(webhook),
    (now) => now === fingerprint(leaf),
  );
});
