/** The executable behind a proxy that fails, with one large secret to fetch. */
import { expect } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../aws-fake/fault-proxy.ts';
import type { StandInOptions } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from './aws-stage.ts';
import { CANARY, expectNoCanary } from './canary.ts';
import { arnOf, onePlan } from './plans.ts';
import type { Finished, Running } from './stage.ts';

/** Larger than a handshake and any answer of STS, so that a number of bytes tells where a connection fails. */
const VALUE = CANARY.padEnd(60_000, '.');
/** Bytes of the server after which an answer with the value is incomplete. */
export const IN_THE_BODY = 30_000;

/** Seconds of a short deadline, and of a later one that no single try reaches. */
const SOON = 1;
const LATER = 4;
/** Nothing listens there. */
const REFUSED_PORT = 1;

export class FaultStage {
  readonly arn = arnOf('shop/canary');
  readonly aws: AwsStage;
  readonly proxy: FaultProxy;

  constructor(aws: AwsStage, proxy: FaultProxy) {
    this.aws = aws;
    this.proxy = proxy;
  }

  /** Puts everything back, and the secret in place. */
  async reset(): Promise<void> {
    await this.aws.reset();
    this.aws.stage.launcher = [];
    this.aws.standIn.putSecret({ arn: this.arn, value: VALUE });
    await this.proxy.reset();
  }

  /** Starts a run with a deadline. */
  start(seconds: number, port = this.proxy.port, host = '127.0.0.1'): Running {
    return this.aws.stage.start(onePlan(this.arn, seconds), { AWS_ENDPOINT_URL: `https://${host}:${port}` });
  }

  expectSuccess({ code, stdout, stderr }: Finished): void {
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(this.aws.stage.read('value').toString()).toBe(VALUE);
    expectNoCanary([stdout, stderr]);
  }

  /**
   * Expects a run to end with AWS_UNAVAILABLE at its deadline: before another run that started earlier, has a deadline
   * three seconds later, and cannot end later than that because it never waits for an answer.
   */
  async expectEndAtDeadline(message: RegExp, port = this.proxy.port, host = '127.0.0.1'): Promise<void> {
    const later = this.start(LATER, REFUSED_PORT);
    const finished = await this.start(SOON, port, host).finished;
    expect(later.child.exitCode).toBeNull();
    later.child.kill();
    await later.finished;
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/^AWS_UNAVAILABLE /);
    expect(finished.termination).toMatch(message);
    expectNoCanary([finished.stdout, finished.stderr, finished.termination]);
    expect(this.aws.stage.listing()).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.aws.stop();
  }
}

export async function makeFaultStage(options: StandInOptions = {}): Promise<FaultStage> {
  const aws = await makeAwsStage(options);
  return new FaultStage(aws, await startFaultProxy(aws.standIn));
}

/** Resolves when a run reports something on stderr. Rejects if it ends before. */
export function says({ child, finished }: Running, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (what.test(text)) resolve();
    });
    void finished.then((end) => reject(new Error(`ended with ${end.code}: ${end.stderr}`)));
  });
}
