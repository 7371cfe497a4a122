/**
 * The queries of the dashboard, the rules and the guide on a real Prometheus, with samples of the past: the metrics of a webhook
 * under load, and what an API server and kube-state-metrics returned.
 */
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../cluster/until.ts';
import { connectRaw, plainGet, postReview } from '../server/client.ts';
import { podAsking, reviewOf } from '../server/reviews.ts';
import type { Running } from '../server/running.ts';
import { startCluster } from '../server/self-managed/cluster.ts';
import { startReplica, untilReady } from '../server/self-managed/replicas.ts';
import {
  type Programs,
  type Prometheus,
  prometheusUnavailable,
  providePrometheus,
  startPrometheus,
} from './prometheus.ts';
import { allQueries, asSent, dashboard, metricNames, type Target } from './queries.ts';
import { recordedSnapshots, type Snapshot } from './recorded.ts';

/** Seconds from one snapshot to the next, and from one sample to the next. */
const STEP = 600;
const INTERVAL = 30;
/** Empty is good news: nothing failed. */
const MAY_BE_EMPTY = /^(?:Secrets|Failed TLS)/;

const unavailable = prometheusUnavailable();
if (unavailable !== undefined)
  process.stderr.write(`the tests of the dashboard are skipped: ${unavailable}\n`);

/** Sends what users, operators and strangers send. */
async function load({ listenPort }: Pick<Running, 'listenPort'>): Promise<void> {
  const reviews = [
    ...Array.from({ length: 20 }, () => podAsking()),
    podAsking({ 'file.x': 'not an ARN' }),
    podAsking({ inject: 'false' }),
    { metadata: {}, spec: {} },
  ];
  for (const pod of reviews) await postReview(listenPort, reviewOf(pod));
  await postReview(listenPort, 'x', { path: '/elsewhere' });
  const { socket } = await connectRaw(listenPort);
  // Closed by the client during the request.
  socket.write(
    'POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    () => socket.destroy(),
  );
}

/** The metrics of a replica before, during and after load. */
async function replicaSnapshots(): Promise<readonly Snapshot[]> {
  const replica = await startReplica(await startCluster());
  await untilReady(replica);
  const snapshots: Snapshot[] = [];
  for (const _snapshot of recordedSnapshots()) {
    await load(replica);
    const text = await until('the aborted request to be counted', { seconds: 20 }, async () => {
      const metrics = await plainGet(replica.metricsPort, '/metrics');
      return metrics.text.includes(`{reason="aborted"} ${snapshots.length + 1}\n`) ? metrics.text : undefined;
    });
    snapshots.push(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
  }
  return snapshots;
}

/** Samples in the OpenMetrics format, from snapshots that last for a while each. @param now in Unix time */
function openMetrics(replica: readonly Snapshot[], now: number): string {
  const others = recordedSnapshots();
  const target = 'namespace="aws-secrets-injector",pod="aws-secrets-injector-1"';
  const lines: string[] = [];
  for (let at = now - STEP * others.length; at <= now; at += INTERVAL) {
    const index = Math.min(others.length - 1, Math.floor((at - now) / STEP) + others.length);
    for (const sample of replica[index] ?? []) lines.push(`${withLabels(sample, target)} ${at}`);
    for (const sample of others[index] ?? []) lines.push(`${sample} ${at}`);
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

/** Adds the labels that Prometheus gives the samples of a target. */
function withLabels(sample: string, labels: string): string {
  const [, name = '', own = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(sample) ?? [];
  return `${name}{${own === '' ? '' : `${own},`}${labels}} ${value}`;
}

describe.skipIf(unavailable !== undefined)('on a Prometheus with recorded samples', () => {
  let programs: Programs;
  beforeAll(async () => {
    programs = await providePrometheus();
  });

  async function start(): Promise<{ readonly prometheus: Prometheus; readonly now: number }> {
    const now = Math.floor(Date.now() / 1000);
    const prometheus = await startPrometheus(programs, openMetrics(await replicaSnapshots(), now));
    onTestFinished(() => prometheus.stop());
    return { prometheus, now };
  }

  it('every metric exists, and every panel shows something', async () => {
    const { prometheus, now } = await start();
    const recorded = [...metricNames(/:/)];
    expect(recorded).toEqual(['namespace_reason:secrets_injector_failing_pods:count']);
    const names = metricNames(/^(?:secrets_injector|process|nodejs|kube|apiserver)_/);
    expect(names.size).toBeGreaterThan(25);
    const empty: string[] = [];
    for (const name of names) {
      const found = await prometheus.query('query', {
        query: `last_over_time(${name}[1h])`,
        time: String(now),
      });
      if (found.length === 0) empty.push(name);
    }
    expect(empty).toEqual([]);
    for (const { what, expr } of allQueries()) {
      const ask = { query: expr, time: String(now) };
      await prometheus.query('query', ask).catch((error: unknown) => expect.fail(`${what}: ${error}`));
    }
    await until('the recording rule', { seconds: 60 }, async () => {
      const [query = ''] = recorded;
      return (await prometheus.query('query', { query })).length > 0 ? true : undefined;
    });
    for (const { title, targets = [] } of dashboard().panels)
      for (const target of targets)
        if ((await shown(prometheus, target, now)) === 0 && !MAY_BE_EMPTY.test(title)) empty.push(title);
    expect(empty).toEqual([]);
  });
});

/** How many series a panel shows for the time of the samples. */
async function shown(prometheus: Prometheus, target: Target, now: number): Promise<number> {
  const query = asSent(target);
  if (target.instant) return (await prometheus.query('query', { query, time: String(now) })).length;
  const start = String(now - STEP * recordedSnapshots().length);
  // The recording rule has only just run.
  const end = String(Math.ceil(Date.now() / 1000));
  return (await prometheus.query('query_range', { query, start, end, step: '1' })).length;
}
