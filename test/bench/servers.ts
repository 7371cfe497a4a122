/**
 * The webhook, and a Fastify server that parses the same review and answers a fixed text of the same size. Both run all the
 * time, and a load visits them in turn. Servers and load have a core each.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeLeaf } from '../server/certificates.ts';
import { postReview } from '../server/client.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { bundle, type Child, startNode, startWebhookProcess } from '../server/processes.ts';
import { onCore } from './cores.ts';
import { parseTimes } from './machine.ts';
import { median } from './median.ts';
import type { LoadResult } from './webhook-load.ts';

/** What a load saw of one server, and the server's use of the machine meanwhile. */
export interface Round {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly cpuMicrosecondsPerRequest: number;
  /** At the end. */
  readonly rssMegabytes: number;
  /** Requests without an answer of status 200. */
  readonly refused: number;
}

export interface Load {
  readonly connections: number;
  readonly milliseconds: number;
  /** A connection for each request; otherwise, connections are kept. */
  readonly hasNewConnections?: boolean;
}

export interface ServerOptions {
  readonly directory: string;
  /** Bytes as an API server sends them. */
  readonly review: string;
  /** V8 flags of the webhook; by default, those of its Deployment. The other server runs with Node's defaults. */
  readonly nodeFlags?: readonly string[];
  /** The same flags for the other server too. */
  readonly sameFlags?: boolean;
}

export type ServerName = 'fastify' | 'webhook';
export type PairOfRounds = Readonly<Record<ServerName, Round>>;
const SERVER_NAMES: readonly ServerName[] = ['fastify', 'webhook'];

type Children = Readonly<Record<ServerName, Pick<Child, 'pid' | 'port' | 'stop'>>>;

export class Servers implements AsyncDisposable {
  readonly metricsPort: number;
  readonly #files: BenchFiles;
  readonly #children: Children;
  #warmMilliseconds = 0;

  private constructor(files: BenchFiles, children: Children, metricsPort: number) {
    this.#files = files;
    this.#children = children;
    this.metricsPort = metricsPort;
  }

  /** Starts both. The webhook's own answer becomes the fixed answer of the other. */
  static async start(options: ServerOptions): Promise<Servers> {
    const { directory, review, nodeFlags = deploymentFlags() } = options;
    const files = await prepare(directory, review);
    const webhook = await startWebhookProcess({
      directory,
      nodeFlags,
      wrap: [...LOG_READER, ...onCore('programs')],
    });
    webhook.closeLog();
    const answer = await postReview(webhook.port, review);
    await writeFile(files.answer, answer.text);
    const fastify = await startNode([files.bare, files.cert, files.key, files.answer], {
      nodeFlags: options.sameFlags === true ? nodeFlags : [],
      wrap: onCore('programs'),
    });
    return new Servers(files, { fastify, webhook }, webhook.metricsPort);
  }

  /** Visits both in turn, after a warm-up. @returns the rounds of each */
  async compare(load: Load, rounds: number): Promise<Readonly<Record<ServerName, readonly Round[]>>> {
    await this.warmUp(load);
    const pairs: PairOfRounds[] = [];
    for (let round = 0; round < rounds; round += 1) pairs.push(await this.visitBoth(load, round));
    return byServer(pairs);
  }

  /** Loads both until V8 has optimized them, which takes long the first time. */
  async warmUp(load: Load, most = FIRST_WARM_UP_MILLISECONDS): Promise<void> {
    const needed = Math.max(NEXT_WARM_UP_MILLISECONDS, most - this.#warmMilliseconds);
    for (let rest = needed; rest > 0; rest -= WARM_UP_VISIT_MILLISECONDS)
      await this.visitBoth({ ...load, milliseconds: Math.min(rest, WARM_UP_VISIT_MILLISECONDS) }, 0);
    this.#warmMilliseconds += needed;
  }

  /** @param round turns the order around each time, so that neither always comes second */
  async visitBoth(load: Load, round: number): Promise<PairOfRounds> {
    if (round % 2 === 0)
      return { fastify: await this.visit('fastify', load), webhook: await this.visit('webhook', load) };
    const webhook = await this.visit('webhook', load);
    return { fastify: await this.visit('fastify', load), webhook };
  }

  async visit(name: ServerName, load: Load): Promise<Round> {
    const { pid, port } = this.#children[name];
    const kind = load.hasNewConnections === true ? 'new' : 'kept';
    const before = cpuSeconds(pid);
    const client = await startNode(
      [
        ...[this.#files.load, String(port), this.#files.review],
        ...[String(load.connections), String(load.milliseconds), kind],
      ],
      { wrap: onCore('others') },
    );
    const result = client.firstLine as unknown as LoadResult;
    await client.ended;
    return {
      requests: result.requests,
      requestsPerSecond: result.requests / result.seconds,
      p50Milliseconds: result.p50,
      p99Milliseconds: result.p99,
      cpuMicrosecondsPerRequest: ((cpuSeconds(pid) - before) / (result.requests + result.refused)) * 1e6,
      rssMegabytes: this.rssMegabytes(name),
      refused: result.refused,
    };
  }

  rssMegabytes(name: ServerName): number {
    const status = readFileSync(`/proc/${this.#children[name].pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(SERVER_NAMES.map((name) => this.#children[name].stop()));
  }
}

interface BenchFiles {
  readonly review: string;
  readonly answer: string;
  readonly bare: string;
  readonly load: string;
  readonly cert: string;
  readonly key: string;
}

async function prepare(directory: string, review: string): Promise<BenchFiles> {
  const file = (name: string): string => path.join(directory, name);
  const leaf = await makeLeaf();
  await Promise.all([
    writeFile(file('review.json'), review),
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

/** CPU per review falls for so long, and a few percent more in the minute after. */
const FIRST_WARM_UP_MILLISECONDS = 15_000;
/** For another load on warm servers. */
const NEXT_WARM_UP_MILLISECONDS = 1500;
const WARM_UP_VISIT_MILLISECONDS = 3000;

/** Bash gives the webhook a pipe as its standard output, as a container has one, and a reader that reads all of it. */
const LOG_READER = [
  'bash',
  '-c',
  `exec "$@" > >(exec ${[...onCore('others'), 'tee', '--output-error=warn-nopipe', '/dev/null'].join(' ')})`,
  'bash',
];

/** User and system time. */
function cpuSeconds(pid: number): number {
  return parseTimes(readFileSync(`/proc/${pid}/stat`, 'latin1')).milliseconds / 1000;
}

/** The rounds of each server, in the same order. */
export function byServer(pairs: readonly PairOfRounds[]): Readonly<Record<ServerName, readonly Round[]>> {
  return { fastify: pairs.map(({ fastify }) => fastify), webhook: pairs.map(({ webhook }) => webhook) };
}

/** The median of the ratios webhook to Fastify, round by round: the machine's ups and downs affect both. */
export function ratioOf(
  rounds: Readonly<Record<ServerName, readonly Round[]>>,
  what: 'requestsPerSecond' | 'p99Milliseconds' | 'cpuMicrosecondsPerRequest',
): number {
  const ratios = rounds.fastify.map((one, at) => (rounds.webhook[at]?.[what] ?? Number.NaN) / one[what]);
  return hundredths(median(ratios));
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
