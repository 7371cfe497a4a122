/** The trace of a fetch, as a real OpenTelemetry Collector receives it. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { decideReview, encodeReview } from '../../src/core/admission.ts';
import { TRACEPARENT_VARIABLE, TRACES_ENDPOINT_VARIABLE } from '../../src/core/names/trace-variables.ts';
import { PLAN_VARIABLE } from '../../src/core/plan/plan.ts';
import { Bundles, wrapped } from '../../src/executable/bundles.ts';
import { makeAuthority, makeLeaf } from '../../src/runtime/x509.ts';
import { openTraces } from '../../src/webhook/traces/opentelemetry.ts';
import { BAD_RECEIVERS, NO_RECEIVER, startBadReceiver } from '../collector/bad-receivers.ts';
import { type Collector, prepareCollector, startCollector } from '../collector/collector.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { arnOf, onePlan, planOf } from '../fetcher/plans.ts';
import { patchedPod, podAsking, responseOf, reviewOf } from '../server/reviews.ts';

const ARN = arnOf('shop/canary-name');
const OTHER = arnOf('shop/other', 'us-east-1');
const ADMISSION = 'b7ad6b7169203331';

/** A trace of its own for each test. */
function newTrace(): string {
  return Array.from({ length: 32 }, () => Math.floor(Math.random() * 15 + 1).toString(16)).join('');
}

function traced(endpoint: string, traceId = newTrace()) {
  return {
    [TRACES_ENDPOINT_VARIABLE]: endpoint,
    [TRACEPARENT_VARIABLE]: `00-${traceId}-${ADMISSION}-01`,
    SECRETS_INJECTOR_SERVICE_ACCOUNT: 'shop/web',
  };
}

let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putSecret({ arn: ARN, value: CANARY });
  aws.standIn.putSecret({ arn: OTHER, value: CANARY });
});
afterAll(() => aws.stop());

const unavailable = await prepareCollector();

describe.skipIf(unavailable !== undefined)(`a collector ${unavailable ?? ''}`, () => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector();
  });
  afterAll(() => collector.stop());

  it('receives the run below the admission, and its steps below the run', async () => {
    const traceId = newTrace();
    const plan = planOf([ARN, OTHER], { files: [0, 1].map((secret) => ({ path: `f${secret}`, secret })) });
    const finished = await aws.stage.run(plan, traced(collector.endpoint, traceId));
    expect(finished).toMatchObject({ code: 0, stderr: '', termination: '' });
    const spans = await collector.waitFor(5, traceId);
    const [run, ...steps] = spans;
    expect(run).toMatchObject({
      service: 'aws-secrets-injector-fetcher',
      name: 'fetch secrets',
      parentSpanId: ADMISSION,
      kind: 1,
      status: 0,
      attributes: {
        'secrets_injector.exit_code': 0,
        'secrets_injector.secrets': 2,
        'secrets_injector.files': 2,
      },
      resource: {
        'k8s.namespace.name': 'shop',
        'host.name': expect.any(String),
        'service.version': packageJson.version,
      },
    });
    const calls = steps.filter(({ name }) => name === 'GetSecretValue');
    expect(steps.map(({ name, kind }) => [name, kind])).toEqual([
      ['sign in', 3],
      ['GetSecretValue', 3],
      ['GetSecretValue', 3],
      ['write files', 1],
    ]);
    expect(new Set(calls.map(({ attributes }) => attributes))).toEqual(
      new Set([
        { 'secrets_injector.secret': 0, 'cloud.region': 'eu-west-1' },
        { 'secrets_injector.secret': 1, 'cloud.region': 'us-east-1' },
      ]),
    );
    for (const step of steps) {
      expect(step.parentSpanId).toBe(run?.spanId);
      expect(
        run !== undefined && run.start <= step.start && step.start <= step.end && step.end <= run.end,
      ).toBe(true);
    }
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(5);
  });

  it('receives the codes of a run that failed', async () => {
    const traceId = newTrace();
    const finished = await aws.stage.run(onePlan(arnOf('shop/none'), 5), traced(collector.endpoint, traceId));
    expect(finished).toMatchObject({ code: 12, termination: expect.stringContaining('SECRET_NOT_FOUND') });
    const spans = await collector.waitFor(3, traceId);
    expect(spans).toMatchObject([
      {
        name: 'fetch secrets',
        status: 2,
        attributes: { 'secrets_injector.exit_code': 12, 'secrets_injector.reason': 'SECRET_NOT_FOUND' },
      },
      { name: 'sign in', status: 0 },
      { name: 'GetSecretValue', status: 2, attributes: { 'secrets_injector.reason': 'SECRET_NOT_FOUND' } },
    ]);
  });

  it('with a certificate of the authority of the operator receives the spans', async () => {
    const validity = { issuedAt: Date.now(), lifetime: 3_600_000 };
    // Its name differs from that of the authority of AWS.
    const authority = await makeAuthority(validity);
    const secure = await startCollector(await makeLeaf(authority, ['localhost'], validity));
    onTestFinished(() => secure.stop());
    const endpoint = secure.endpoint.replace('127.0.0.1', 'localhost');
    const run = async (caBundle: string) =>
      await aws.stage.run(onePlan(ARN), {
        ...traced(endpoint),
        SECRETS_INJECTOR_CA_BUNDLE: caBundle,
      });
    expect(await run(aws.standIn.caPem)).toMatchObject({ code: 0, stderr: '' });
    expect(secure.spans()).toEqual([]);
    expect(await run(`${aws.standIn.caPem}\n${authority.cert}`)).toMatchObject({ code: 0, stderr: '' });
    expect((await secure.waitFor(4)).length).toBe(4);
  });

  it('receives one trace from the webhook and the fetcher', async () => {
    const pod = podAsking({ 'file.db': ARN, containers: 'app' });
    const traces = openTraces({
      endpoint: new URL(collector.endpoint),
      ratio: 1,
      authorities: () => undefined,
      count: () => undefined,
      report: () => undefined,
    });
    const span = traces.begin(undefined);
    const decided = decideReview(
      JSON.parse(reviewOf(pod)),
      {
        image: 'registry.example/injector:1',
        fetcherEnv: [{ name: TRACES_ENDPOINT_VARIABLE, value: collector.endpoint }],
      },
      span?.traceparent,
    );
    if (decided === undefined) throw new Error('the review has no uid');
    span?.end(decided.facts, decided.outcome);
    await traces.close();
    const answer = encodeReview('uid-1', decided.outcome, (text) => Buffer.from(text).toString('base64'));
    const [fetcher] = patchedPod(pod, responseOf(JSON.stringify(answer))).spec.initContainers;
    const variables = Object.fromEntries((fetcher?.env ?? []).map(({ name, value }) => [name, value]));
    const { [PLAN_VARIABLE]: plan = '', ...others } = variables;
    aws.stage.environment(onePlan(ARN));
    const finished = await aws.stage.run(plan, others);
    expect(finished).toMatchObject({ code: 0 });
    const [, traceId = ''] = span?.traceparent.split('-') ?? [];
    const spans = await collector.waitFor(5, traceId);
    const admission = spans.find(({ name }) => name === 'admission review');
    const run = spans.find(({ name }) => name === 'fetch secrets');
    expect(run?.parentSpanId).toBe(admission?.spanId);
    expect(admission !== undefined && run !== undefined && admission.start < run.start).toBe(true);
  });

  it('received no value and no name of a secret', () => {
    expect(collector.spans().length).toBeGreaterThan(0);
    expectNoCanary([collector.text()]);
    expect(collector.text()).not.toContain('canary-name');
    expect(collector.text()).not.toContain('arn:aws');
  });
});

describe('the files are in place, and the run succeeds, with a receiver', () => {
  it.each(Object.entries(BAD_RECEIVERS))('%s', async (_name, answer) => {
    const receiver = await startBadReceiver(answer);
    const finished = await aws.stage.run(onePlan(ARN), traced(receiver.endpoint));
    expect(finished).toMatchObject({ code: 0, signal: null, stderr: '', termination: '' });
    expect(aws.stage.read('value').toString()).toBe(CANARY);
    expect(receiver.requests()).toBe(1);
  });

  it.each([
    ['that does not exist', NO_RECEIVER],
    ['without an address', 'http://receiver.invalid:4318/v1/traces'],
    ['of another protocol', 'ftp://127.0.0.1/v1/traces'],
    ['that is no URL', CANARY],
  ])('%s', async (_name, endpoint) => {
    const finished = await aws.stage.run(onePlan(ARN), traced(endpoint));
    expect(finished).toMatchObject({ code: 0, signal: null, stderr: '', termination: '' });
    expect(aws.stage.read('value').toString()).toBe(CANARY);
  });
});

describe('the bundle for traces', () => {
  it.each([
    ['is not loaded without variables', {}, false],
    ['is not loaded without a trace', { [TRACES_ENDPOINT_VARIABLE]: NO_RECEIVER }, false],
    [
      'is not loaded without an endpoint',
      { [TRACEPARENT_VARIABLE]: `00-${newTrace()}-${ADMISSION}-01` },
      false,
    ],
    [
      'is not loaded for a trace that was not sampled',
      {
        [TRACES_ENDPOINT_VARIABLE]: NO_RECEIVER,
        [TRACEPARENT_VARIABLE]: `00-${newTrace()}-${ADMISSION}-00`,
      },
      false,
    ],
    ['is loaded with both', traced(NO_RECEIVER), true],
  ])('%s', async (_name, variables, isLoaded) => {
    const dist = path.resolve(import.meta.dirname, '../../dist');
    const bundles = new Bundles(
      { source: (name) => wrapped(readFileSync(path.join(dist, `${name}.cjs`))), cache: () => undefined },
      createRequire(import.meta.url),
    );
    const runFetch = bundles.load('fetch')['runFetch'] as (
      argv: readonly string[],
      variables: NodeJS.ProcessEnv,
    ) => Promise<number>;
    const environment = aws.stage.environment(onePlan(ARN), variables);
    expect(await runFetch(['--root', aws.stage.root], environment)).toBe(0);
    expect([...bundles.scripts.keys()].sort()).toEqual(
      ['fetch', ...(isLoaded ? ['fetch-trace'] : []), 'secrets-manager'].sort(),
    );
  });
});
