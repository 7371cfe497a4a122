/** The executable behind connections that fail. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { first, lossy, type Passage } from '../aws-fake/fault-proxy.ts';
import { startDelayProxy } from '../aws-fake/index.ts';
import { startStoppedProxy } from '../aws-fake/stopped-proxy.ts';
import { type FaultStage, IN_THE_BODY, makeFaultStage, says } from '../fetcher/fault-stage.ts';
import { seededRandom } from '../fetcher/fleet/timeline.ts';
import { arnOf, planOf } from '../fetcher/plans.ts';

const HOUR = 3_600_000;

let stage: FaultStage;
beforeAll(async () => {
  stage = await makeFaultStage();
});
beforeEach(() => stage.reset());
afterAll(() => stage.stop());

describe('a fault that passes before the deadline', () => {
  it('round trips of 300 ms', async () => {
    const slow = await startDelayProxy(stage.aws.standIn, 300);
    const finished = await stage.start(20, slow.port).finished;
    await slow.stop();
    stage.expectSuccess(finished);
    expect(finished.stderr).toBe('');
  });

  it('connections are refused', async () => {
    await stage.proxy.refuse();
    const run = stage.start(20);
    await says(run, /^STS: connection refused; retrying$/m);
    await stage.proxy.accept();
    stage.expectSuccess(await run.finished);
  });

  it('connections are not accepted', async () => {
    const stopped = await startStoppedProxy(stage.aws.standIn);
    const run = stage.start(25, stopped.port);
    await says(run, /^STS: timeout: no answer in time; retrying$/m);
    stopped.accept();
    stage.expectSuccess(await run.finished);
    await stopped.stop();
  });

  it('connections are accepted, but nothing answers', async () => {
    stage.proxy.choose(first(2, { kind: 'swallow' }));
    const finished = await stage.start(25).finished;
    stage.expectSuccess(finished);
    expect(finished.stderr).toMatch(/^STS: timeout: no answer in time; retrying\n/);
    expect(stage.proxy.connections).toBeGreaterThan(2);
  });

  it('an answer stops in its body', async () => {
    stage.proxy.choose(first(2, { kind: 'swallow', afterBytes: IN_THE_BODY }));
    const finished = await stage.start(25).finished;
    stage.expectSuccess(finished);
    expect(finished.stderr).toMatch(/^Secrets Manager in eu-west-1: [^\n]+; retrying\n$/);
  });

  it.each([0, 300, 2500, IN_THE_BODY])('connections are reset after %i bytes', async (afterBytes) => {
    stage.proxy.choose(first(4, { kind: 'reset', afterBytes }));
    const finished = await stage.start(20).finished;
    stage.expectSuccess(finished);
    expect(finished.stderr).toMatch(/^(?:(?:STS|Secrets Manager in eu-west-1): [^\n]+; retrying\n)+$/);
  });

  it('a third of the connections are lost', async () => {
    const { standIn, stage: container } = stage.aws;
    const arns = Array.from({ length: 12 }, (_, index) => arnOf(`lossy/${index}`));
    for (const arn of arns) standIn.putSecret({ arn, value: arn });
    // With this seed, two of the first five connections are lost.
    stage.proxy.choose(lossy(1 / 3, seededRandom(36)));
    const plan = planOf(arns, { files: arns.map((_, secret) => ({ path: `f${secret}`, secret })) }, 25);
    const variables = { AWS_ENDPOINT_URL: `https://127.0.0.1:${stage.proxy.port}` };
    const finished = await container.run(plan, variables);
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stderr).toContain('timeout: no answer in time; retrying');
    for (const [index, arn] of arns.entries()) expect(container.read(`f${index}`).toString()).toBe(arn);
  });
});

describe('a fault that lasts ends at the deadline', () => {
  /** Faults of every connection, and what the fetcher reports. */
  const LASTING: readonly (readonly [string, Passage, RegExp])[] = [
    ['nothing answers', { kind: 'swallow' }, /last failure: timeout: no answer in time/],
    [
      'an answer stops in its body',
      { kind: 'swallow', afterBytes: IN_THE_BODY },
      /last failure: timeout: no answer in time/,
    ],
    ['connections are reset', { kind: 'reset' }, /last failure: connection reset/],
    [
      'an answer is reset in its body',
      { kind: 'reset', afterBytes: IN_THE_BODY },
      /last failure: (?:connection reset|the answer was incomplete)/,
    ],
  ];

  it.each(LASTING)('%s', async (_, passage, message) => {
    stage.proxy.choose(() => passage);
    await stage.expectEndAtDeadline(message);
  });

  it('connections are refused', async () => {
    await stage.proxy.refuse();
    await stage.expectEndAtDeadline(/last failure: connection refused/);
  });

  it('connections are not accepted', async () => {
    const stopped = await startStoppedProxy(stage.aws.standIn);
    await stage.expectEndAtDeadline(/last failure: timeout: no answer in time/, stopped.port);
    await stopped.stop();
  });

  it('answers take longer than the deadline', async () => {
    const slow = await startDelayProxy(stage.aws.standIn, HOUR);
    await stage.expectEndAtDeadline(/last failure: timeout: no answer in time/, slow.port);
    await slow.stop();
  });
});
