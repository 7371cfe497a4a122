/** The operator's policy in the reviews of a running webhook. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeLeaf } from './certificates.ts';
import { plainGet, postReview } from './client.ts';
import { temporaryDirectory } from './directory.ts';
import { startWebhookProcess } from './processes.ts';
import { podAsking, type ReviewResponse, responseOf, reviewOf } from './reviews.ts';
import { eventually, type Running, runWebhookHere, writeLeaf } from './running.ts';

const ALLOWS = 'rules: [{ name: shop, namespaces: [shop], accounts: ["111122223333"] }]';
const DENIES = 'rules: [{ name: only other, namespaces: [shop], accounts: ["444455556666"] }]';

async function review(webhook: Running): Promise<ReviewResponse> {
  const answer = await postReview(webhook.listenPort, reviewOf(podAsking()));
  expect(answer.status).toBe(200);
  return responseOf(answer.text);
}

/** The values of the two metrics. */
async function metricsOf(webhook: Running): Promise<{ readonly valid: number; readonly loaded: number }> {
  const { text } = await plainGet(webhook.metricsPort, '/metrics');
  const gauge = (name: string) => Number(new RegExp(`^secrets_injector_${name} (.*)$`, 'm').exec(text)?.[1]);
  return { valid: gauge('policy_valid'), loaded: gauge('policy_loaded_timestamp_seconds') };
}

const problemsOf = (webhook: Running) =>
  webhook.log.filter((line) => line.message === 'the policy cannot be used').map((line) => line.problem);

const isReady = async (webhook: Running) => (await plainGet(webhook.probePort, '/readyz')).status === 200;

test('follows a mounted ConfigMap, and keeps the last valid policy', async () => {
  const directory = await temporaryDirectory(onTestFinished);
  const file = path.join(directory, 'policy.yaml');
  let published = 0;
  // As kubelet does: a new directory, and a link that is replaced.
  const publish = async (content: string | undefined): Promise<void> => {
    published += 1;
    await mkdir(path.join(directory, `..${published}`));
    if (content !== undefined)
      await writeFile(path.join(directory, `..${published}`, 'policy.yaml'), content);
    await symlink(`..${published}`, path.join(directory, '..next'));
    await rename(path.join(directory, '..next'), path.join(directory, '..data'));
  };
  const started = Date.now() / 1000;
  await publish(ALLOWS);
  await symlink('..data/policy.yaml', file);
  const webhook = await runWebhookHere({ policy: { file, checkMilliseconds: 20 } });
  expect((await review(webhook)).allowed).toBe(true);
  const first = await metricsOf(webhook);
  expect(first.valid).toBe(1);
  expect(first.loaded).toBeGreaterThanOrEqual(Math.floor(started));

  await publish(DENIES);
  const denied = await eventually(
    () => review(webhook),
    (response) => !response.allowed,
  );
  expect(denied.status).toMatchObject({ code: 403 });
  expect(denied.status?.message).toBe(
    'POLICY_DENIED secrets-injector.dev/file.db: the policy rule "only other" does not allow account 111122223333; use a secret of account 444455556666, or ask the operator to change the rule',
  );

  // Each of these would allow the pod if it were used.
  const INVALID = [
    ['', 'is not a valid policy: the file is empty'],
    [
      'rules: [',
      'is not a valid policy: the text is not valid YAML: a bracket is not closed (line 1, column 9)',
    ],
    [
      `${ALLOWS}\nrule: []`,
      'is not a valid policy: line 2, rule: the field does not exist here; did you mean rules?',
    ],
    [`${ALLOWS}\n#${'x'.repeat(256 * 1024)}`, 'is larger than 256 KiB'],
    [undefined, 'cannot be read (ENOENT)'],
  ] as const;
  for (const [index, [content, problem]] of INVALID.entries()) {
    await publish(content);
    const problems = await eventually(
      () => problemsOf(webhook),
      (lines) => lines.length > index,
    );
    expect(problems[index]).toContain(problem);
    expect(problems).toHaveLength(index + 1);
    expect((await review(webhook)).allowed).toBe(false);
    expect((await metricsOf(webhook)).valid).toBe(0);
    expect(await isReady(webhook)).toBe(true);
    // The same text as before: nothing changed, but it is valid again.
    await publish(DENIES);
    await eventually(
      () => metricsOf(webhook),
      ({ valid }) => valid === 1,
    );
    expect((await review(webhook)).allowed).toBe(false);
  }

  await publish(ALLOWS);
  await eventually(
    () => review(webhook),
    (response) => response.allowed,
  );
  expect(webhook.log.filter((line) => line.message === 'policy in use')).toEqual(
    Array(3 + INVALID.length).fill({ message: 'policy in use', file, rules: 1 }),
  );
  expect((await metricsOf(webhook)).loaded).toBeGreaterThan(first.loaded);
});

test('answers every review by one whole policy while it changes', async () => {
  const directory = await temporaryDirectory(onTestFinished);
  const file = path.join(directory, 'policy.yaml');
  // A file that is written in several steps could be read in between.
  const write = async (content: string) => {
    await writeFile(`${file}.next`, content);
    await rename(`${file}.next`, file);
  };
  const rule = (name: string, fields: string) => `{ name: ${name}, namespaces: [shop], ${fields} }`;
  const policies = ['one', 'two'].map(
    (name) =>
      `rules: [${rule(`${name} a`, 'accounts: ["444455556666"]')}, ${rule(`${name} b`, 'regions: [us-east-1]')}]`,
  );
  await write(policies[0] ?? '');
  const webhook = await runWebhookHere({ policy: { file, checkMilliseconds: 1 } });
  const seen = new Set<string>();
  for (let time = 1; seen.size < 2 || time < 30; time += 1) {
    await write(policies[time % 2] ?? '');
    for (const { status } of await Promise.all([review(webhook), review(webhook), review(webhook)]))
      seen.add([...(status?.message ?? '').matchAll(/rule "(\w+ \w+)"/g)].map(([, name]) => name).join());
  }
  expect([...seen].sort()).toEqual(['one a,one b', 'two a,two b']);
  expect(problemsOf(webhook)).toEqual([]);
});

test('does not start without its policy, because it would allow everything', async () => {
  const directory = await temporaryDirectory(onTestFinished);
  const file = path.join(directory, 'policy.yaml');
  await expect(runWebhookHere({ policy: { file } })).rejects.toThrow('the policy cannot be read');
  await writeFile(file, 'rules: {}');
  await expect(runWebhookHere({ policy: { file } })).rejects.toThrow('the policy cannot be read');
  await rm(file);
});

test('the program follows the file of its setting', async () => {
  const directory = await temporaryDirectory(onTestFinished);
  await writeLeaf(directory, await makeLeaf());
  const file = path.join(directory, 'policy.yaml');
  await writeFile(file, DENIES);
  const webhook = await startWebhookProcess({ directory, flags: ['--policy-file', file] });
  onTestFinished(() => webhook.stop());
  const answer = await postReview(webhook.port, reviewOf(podAsking()));
  expect(responseOf(answer.text).status?.message).toContain('POLICY_DENIED');
  expect(webhook.log).toContainEqual(expect.objectContaining({ msg: 'policy in use', file, rules: 1 }));
});

test('without a policy file, the metrics show no policy', async () => {
  const webhook = await runWebhookHere();
  expect(await metricsOf(webhook)).toEqual({ valid: 1, loaded: 0 });
});
