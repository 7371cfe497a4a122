/** The executable under faults, as a whole process: time until it succeeds, and until it gives up. */
import { type DnsServer, startDnsServer } from '../aws-fake/dns-server.ts';
import { type FaultProxy, startFaultProxy } from '../aws-fake/fault-proxy.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';
import { type FaultCase, NAME, type World } from './fault-cases.ts';

export interface FaultRun {
  /** From the start of the process to its end, in milliseconds. */
  readonly milliseconds: number;
  readonly exitCode: number | null;
  /** The code of the first problem, or an empty text. */
  readonly problem: string;
  /** Calls that reached AWS. */
  readonly calls: number;
  /** Connections that the proxy of the bench accepted. */
  readonly connections: number;
}

const ARN = arnOf('bench/fault');
const VALUE = 'x'.repeat(60_000);

/** The clock of AWS, in milliseconds ahead of the fetcher's. */
interface Skew {
  ahead: number;
}

export class FaultBench {
  readonly #aws: AwsStage;
  readonly #proxy: FaultProxy;
  readonly #dns: DnsServer | string;
  readonly #skew: Skew;

  private constructor(aws: AwsStage, proxy: FaultProxy, dns: DnsServer | string, skew: Skew) {
    this.#aws = aws;
    this.#proxy = proxy;
    this.#dns = dns;
    this.#skew = skew;
  }

  static async open(): Promise<FaultBench> {
    const skew = { ahead: 0 };
    const aws = await makeAwsStage({ now: () => Date.now() + skew.ahead, extraNames: [NAME] });
    const dns = await startDnsServer(NAME, '127.0.0.1');
    return new FaultBench(aws, await startFaultProxy(aws.standIn), dns, skew);
  }

  /** @param number of the run, from 1 @returns the run, or why the fault cannot be arranged */
  async run(fault: FaultCase, seconds: number, number: number): Promise<FaultRun | string> {
    const { standIn, stage } = this.#aws;
    this.#skew.ahead = 0;
    await this.#aws.reset();
    await this.#proxy.reset();
    standIn.putSecret({ arn: ARN, value: VALUE });
    const world: World = {
      aws: this.#aws,
      proxy: this.#proxy,
      dns: this.#dns,
      setSkew: (milliseconds) => {
        this.#skew.ahead = milliseconds;
      },
    };
    const arranged = await fault.arrange(world, number);
    if (typeof arranged === 'string') return arranged;
    stage.launcher = arranged.launcher ?? [];
    const url = `https://${arranged.host ?? '127.0.0.1'}:${arranged.port ?? this.#proxy.port}`;
    const startedAt = performance.now();
    const { finished } = stage.start(onePlan(ARN, seconds), { AWS_ENDPOINT_URL: url });
    const passed = arranged.started?.();
    const { code, termination } = await finished;
    const milliseconds = performance.now() - startedAt;
    const calls = standIn.requests.length;
    const { connections } = this.#proxy;
    await passed;
    await arranged.end?.();
    const [problem = ''] = termination.split(' ');
    return { milliseconds, exitCode: code, problem, calls, connections };
  }

  async close(): Promise<void> {
    await this.#proxy.stop();
    await this.#aws.stop();
    if (typeof this.#dns !== 'string') await this.#dns.stop();
  }
}
