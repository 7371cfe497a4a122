/**
 * The webhook, and a Fastify server that parses the same review and answers a fixed text of the same size. Both run all the
 * time, and a load visits them in turn. Servers and load have a core each where `taskset` exists.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeLeaf } from '../server/certificates.ts';
import { postReview } from '../server/client.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { bundle, type Child, startNode, startWebhookProcess } from '../server/processes.ts';
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
const SERVER_NAMES: readonly ServerName[] = ['fastify', 'webhook'];

type Children = Readonly<Record<ServerName, Pick<Child, 'pid' | 'port' | 'stop'>>>;

export class Servers implements AsyncDisposable {
  readonly metricsPort: number;
  readonly #files: BenchFiles;
  readonly #children: Children;

  private constructor(files: BenchFiles, children: Children, metricsPort: number) {
    this.#files = files;
    this.#children = children;
    this.metricsPort = metricsPort;
  }

  /** Starts both. The webhook's own answer becomes the fixed answer of the other. */
  static async start(options: ServerOptions): Promise<Servers> {
    const { directory, review, nodeFlags = deploymentFlags() } = options;
    const files = await prepare(directory, review);
    const webhook = await startWebhookProcess({ directory, nodeFlags, wrap: onCore(0) });
    webhook.discardLog();
    const answer = await postReview(webhook.port, review);
    await writeFile(files.answer, answer.text);
    const fastify = await startNode([files.bare, files.cert, files.key, files.answer], {
      nodeFlags: options.sameFlags === true ? nodeFlags : [],
      wrap: onCore(0),
    });
    return new Servers(files, { fastify, webhook }, webhook.metricsPort);
  }

  /** Visits both in turn, after a warm-up. @returns the rounds of each */
  async compare(load: Load, rounds: number): Promise<Readonly<Record<ServerName, readonly Round[]>>> {
    for (const name of SERVER_NAMES) await this.visit(name, { ...load, milliseconds: WARM_UP_MILLISECONDS });
    const seen: Record<ServerName, Round[]> = { fastify: [], webhook: [] };
    for (let round = 0; round < rounds; round += 1) {
      // The order is turned around each time, so that neither always comes second.
      for (const name of round % 2 === 0 ? SERVER_NAMES : SERVER_NAMES.toReversed())
        seen[name].push(await this.visit(name, load));
    }
    return seen;
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
      { wrap: onCore(1) },
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

const WARM_UP_MILLISECONDS = 1500;
const HAS_TASKSET = spawnSync('taskset', ['--version']).status === 0;

function onCore(core: number): readonly string[] {
  return HAS_TASKSET ? ['taskset', '-c', String(core)] : [];
}

/** User and system time. Clock ticks are hundredths of a second on every Linux that Node runs on. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The median of the ratios webhook to Fastify, round by round: the machine's ups and downs affect both. */
export function ratioOf(
  rounds: Readonly<Record<ServerName, readonly Round[]>>,
  what: 'requestsPerSecond' | 'p99Milliseconds' | 'cpuMicrosecondsPerRequest',
): number {
  const ratios = rounds.fastify.map((one, at) => (rounds.webhook[at]?.[what] ?? Number.NaN) / one[what]);
  return hundredths(median(ratios));
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
