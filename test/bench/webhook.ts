/** The webhook against a Fastify server: 16 connections, one review of usual size. Medians of interleaved rounds. */
import { plainGet } from '../server/client.ts';
import { withDirectory } from '../server/directory.ts';
import { median } from './median.ts';
import type { Samples } from './samples.ts';
import { byServer, hundredths, type Round, ratioOf, type ServerName, Servers } from './servers.ts';
import { benchPodBytes, benchReview } from './webhook-review.ts';

/** One server's figures: medians over the rounds, except for memory, which is the most that was seen. */
export interface WebhookRow {
  readonly server: ServerName;
  readonly requestsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly cpuMicrosecondsPerRequest: number;
  readonly rssMegabytesIdle: number;
  readonly rssMegabytesMost: number;
}

export interface WebhookFigures {
  readonly rows: readonly [WebhookRow, WebhookRow];
  /** Webhook to Fastify: medians of the ratios of each round. */
  readonly throughputRatio: number;
  readonly p99Ratio: number;
  readonly cpuRatio: number;
  /** The decision alone, as the server's own histogram saw it. */
  readonly decisionMicroseconds: number;
  readonly reviewBytes: number;
  readonly podBytes: number;
  readonly connections: number;
  readonly rounds: number;
}

export interface WebhookBenchOptions {
  readonly rounds?: number;
  readonly connections?: number;
  readonly millisecondsPerRound?: number;
  /** The load on each server before the first round. */
  readonly warmUpMilliseconds?: number;
  /** V8 flags of the webhook, as its Deployment has them. The bare server runs with Node's defaults. */
  readonly nodeFlags?: readonly string[];
  /** The same flags for the bare server too. */
  readonly sameFlags?: boolean;
}

/** Measures both servers. Takes two warm-ups, rounds × 2 × the time of a round, and some seconds. */
export async function measureWebhook(
  samples: Samples,
  options: WebhookBenchOptions = {},
): Promise<WebhookFigures> {
  const { rounds = 9, connections = 16, millisecondsPerRound: milliseconds = 2000, ...rest } = options;
  const { warmUpMilliseconds, ...flags } = rest;
  const review = benchReview();
  return await withDirectory(async (directory) => {
    await using servers = await Servers.start({ directory, review, ...flags });
    const idle = { fastify: servers.rssMegabytes('fastify'), webhook: servers.rssMegabytes('webhook') };
    const load = { connections, milliseconds };
    await servers.warmUp(load, warmUpMilliseconds);
    const pairs = await samples.take('webhook', rounds, (attempt) => servers.visitBoth(load, attempt));
    const seen = byServer(pairs);
    const metrics = await plainGet(servers.metricsPort, '/metrics');
    return {
      rows: [row('fastify', seen.fastify, idle.fastify), row('webhook', seen.webhook, idle.webhook)],
      throughputRatio: ratioOf(seen, 'requestsPerSecond'),
      p99Ratio: ratioOf(seen, 'p99Milliseconds'),
      cpuRatio: ratioOf(seen, 'cpuMicrosecondsPerRequest'),
      decisionMicroseconds: meanDecision(metrics.text),
      reviewBytes: Buffer.byteLength(review),
      podBytes: benchPodBytes(),
      connections,
      rounds,
    };
  });
}

function row(server: ServerName, seen: readonly Round[], idle: number): WebhookRow {
  return {
    server,
    requestsPerSecond: Math.round(median(seen.map((one) => one.requestsPerSecond))),
    p50Milliseconds: hundredths(median(seen.map((one) => one.p50Milliseconds))),
    p99Milliseconds: hundredths(median(seen.map((one) => one.p99Milliseconds))),
    cpuMicrosecondsPerRequest: Math.round(median(seen.map((one) => one.cpuMicrosecondsPerRequest))),
    rssMegabytesIdle: idle,
    rssMegabytesMost: Math.max(...seen.map((one) => one.rssMegabytes)),
  };
}

function meanDecision(metrics: string): number {
  const read = (name: string): number =>
    Number(new RegExp(`^secrets_injector_review_duration_seconds_${name} (\\S+)`, 'm').exec(metrics)?.[1]);
  return hundredths((read('sum') / read('count')) * 1e6);
}
