/**
 * The webhook against a Fastify server that parses the same review and answers a fixed text of the same size.
 * Both run all the time, the load visits them in turn, and medians of the rounds are compared: the machine's own
 * ups and downs hit both. Server and load have a core each where `taskset` exists.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeLeaf } from '../server/certificates.ts';
import { plainGet, postReview } from '../server/client.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { withDirectory } from '../server/directory.ts';
import { bundle, type Child, startNode, startWebhookProcess } from '../server/processes.ts';
import type { LoadResult } from './webhook-load.ts';
import { benchReview } from './webhook-review.ts';

/** One server's figures: medians over the rounds, except for memory, which is the most that was seen. */
export interface WebhookRow {
  readonly server: 'fastify' | 'webhook';
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
  readonly rounds: number;
}

export interface WebhookBenchOptions {
  readonly rounds?: number;
  readonly connections?: number;
  readonly millisecondsPerRound?: number;
  /** V8 flags of the webhook, as its Deployment has them. The bare server runs with Node's defaults. */
  readonly nodeFlags?: readonly string[];
  /** The same flags for the bare server too. */
  readonly sameFlags?: boolean;
}

interface Round {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
  readonly rss: number;
}

/** Measures both servers. Takes rounds × 2 × the time of a round, and some seconds. */
export async function measureWebhook(options: WebhookBenchOptions = {}): Promise<WebhookFigures> {
  const {
    rounds = 9,
    connections = 16,
    millisecondsPerRound = 2000,
    nodeFlags = deploymentFlags(),
  } = options;
  return await withDirectory(async (directory) => {
    const files = await prepare(directory);
    const webhook = await startWebhookProcess({ directory, nodeFlags, wrap: onCore(0) });
    const answer = await postReview(webhook.port, readFileSync(files.review, 'utf8'));
    await writeFile(files.answer, answer.text);
    const bare = await startNode([files.bare, files.cert, files.key, files.answer], {
      nodeFlags: options.sameFlags === true ? nodeFlags : [],
      wrap: onCore(0),
    });
    try {
      const servers = [bare, webhook] as const;
      const idle = servers.map((server) => rssMegabytes(server.pid));
      const visit = (server: Pick<Child, 'pid' | 'port'>, milliseconds: number): Promise<Round> =>
        runLoad(server, files, connections, milliseconds);
      for (const server of servers) await visit(server, 1500);
      const seen: readonly [Round[], Round[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        // The order is turned around each time, so that neither always comes second.
        for (const index of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
          seen[index].push(await visit(servers[index], millisecondsPerRound));
        }
      }
      const metrics = await plainGet(webhook.metricsPort, '/metrics');
      return {
        rows: [row('fastify', seen[0], idle[0]), row('webhook', seen[1], idle[1])],
        throughputRatio: ratio(seen, 'rate'),
        p99Ratio: ratio(seen, 'p99'),
        cpuRatio: ratio(seen, 'cpu'),
        decisionMicroseconds: meanDecision(metrics.text),
        reviewBytes: Buffer.byteLength(readFileSync(files.review)),
        rounds,
      };
    } finally {
      await Promise.all([webhook.stop(), bare.stop()]);
    }
  });
}

interface BenchFiles {
  readonly review: string;
  readonly answer: string;
  readonly bare: string;
  readonly load: string;
  readonly cert: string;
  readonly key: string;
}

async function prepare(directory: string): Promise<BenchFiles> {
  const file = (name: string): string => path.join(directory, name);
  const leaf = await makeLeaf();
  await Promise.all([
    writeFile(file('review.json'), benchReview()),
    writeFile(file('tls.crt'), leaf.cert),
    writeFile(file('tls.key'), leaf.key),
    bundle('test/bench/bare-fastify.ts', file('bare.mjs')),
    bundle('test/bench/webhook-load.ts', file('load.mjs')),
  ]);
  return {
    review: file('review.json'),
    answer: file('answer.json'),
    bare: file('bare.mjs'),
    load: file('load.mjs'),
    cert: file('tls.crt'),
    key: file('tls.key'),
  };
}

async function runLoad(
  server: Pick<Child, 'pid' | 'port'>,
  files: BenchFiles,
  connections: number,
  milliseconds: number,
): Promise<Round> {
  const before = cpuSeconds(server.pid);
  const load = await startNode(
    [files.load, String(server.port), files.review, String(connections), String(milliseconds)],
    {
      wrap: onCore(1),
    },
  );
  const result = load.firstLine as unknown as LoadResult;
  await load.ended;
  return {
    rate: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    cpu: ((cpuSeconds(server.pid) - before) / result.requests) * 1e6,
    rss: rssMegabytes(server.pid),
  };
}

const HAS_TASKSET = spawnSync('taskset', ['--version']).status === 0;

function onCore(core: number): readonly string[] {
  return HAS_TASKSET ? ['taskset', '-c', String(core)] : [];
}

function row(server: WebhookRow['server'], seen: readonly Round[], idle: number | undefined): WebhookRow {
  return {
    server,
    requestsPerSecond: Math.round(median(seen.map((one) => one.rate))),
    p50Milliseconds: round(median(seen.map((one) => one.p50))),
    p99Milliseconds: round(median(seen.map((one) => one.p99))),
    cpuMicrosecondsPerRequest: Math.round(median(seen.map((one) => one.cpu))),
    rssMegabytesIdle: idle ?? Number.NaN,
    rssMegabytesMost: Math.max(...seen.map((one) => one.rss)),
  };
}

function ratio(seen: readonly [readonly Round[], readonly Round[]], what: 'rate' | 'p99' | 'cpu'): number {
  return round(median(seen[0].map((bare, index) => (seen[1][index]?.[what] ?? Number.NaN) / bare[what])));
}

function meanDecision(metrics: string): number {
  const read = (name: string): number =>
    Number(new RegExp(`^secrets_injector_review_duration_seconds_${name} (\\S+)`, 'm').exec(metrics)?.[1]);
  return round((read('sum') / read('count')) * 1e6);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function rssMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

/** User and system time. Clock ticks are hundredths of a second on every Linux that Node runs on. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
