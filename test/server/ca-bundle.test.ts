/** The CA bundle of the operator in the reviews of a running webhook. */
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from '../aws-fake/certificates.ts';
import { postReview } from './client.ts';
import { temporaryDirectory } from './directory.ts';
import { patchedPod, podAsking, responseOf, reviewOf } from './reviews.ts';
import { eventually, type Running, runWebhookHere } from './running.ts';

/** The bundle that the fetcher of a new pod gets. */
async function bundleOf(webhook: Running): Promise<string | undefined> {
  const pod = podAsking();
  const answer = await postReview(webhook.listenPort, reviewOf(pod));
  const { initContainers } = patchedPod(pod, responseOf(answer.text)).spec;
  return initContainers[0]?.env?.find((one) => one.name === 'SECRETS_INJECTOR_CA_BUNDLE')?.value;
}

test('follows a mounted ConfigMap, and keeps the last good certificates', async () => {
  const directory = await temporaryDirectory(onTestFinished);
  const [first, second] = await Promise.all([makeCertificate(), makeCertificate()]);
  let published = 0;
  // As kubelet does: a new directory, and a link that is replaced.
  const publish = async (content: string): Promise<void> => {
    published += 1;
    await mkdir(path.join(directory, `..${published}`));
    await writeFile(path.join(directory, `..${published}`, 'ca.crt'), content);
    await symlink(`..${published}`, path.join(directory, '..next'));
    await rename(path.join(directory, '..next'), path.join(directory, '..data'));
  };
  await publish(first.ca);
  await symlink('..data/ca.crt', path.join(directory, 'ca.crt'));
  const webhook = await runWebhookHere({
    caBundle: { file: path.join(directory, 'ca.crt'), checkMilliseconds: 20 },
  });
  const contains = (ca: string) => (bundle: string | undefined) =>
    bundle?.replace(/\s/g, '') === ca.replace(/\s/g, '');
  expect(contains(first.ca)(await bundleOf(webhook))).toBe(true);

  await publish('broken');
  await eventually(
    () => webhook.log.filter((line) => line.message === 'the CA bundle cannot be used'),
    (lines) => lines.length > 0,
  );
  expect(contains(first.ca)(await bundleOf(webhook))).toBe(true);

  await publish(second.ca);
  await eventually(() => bundleOf(webhook), contains(second.ca));
  expect(webhook.log.filter((line) => line.message === 'the CA bundle cannot be used')).toHaveLength(1);
});
