/**
 * Many fetchers that start together, in virtual time: the product's own retries, classes and fetch of all secrets, with
 * the network and AWS replaced by a delay and a token bucket.
 */

import { AwsFailure, classify } from '../../../src/aws/calls/errors.ts';
import { type Deadline, withRetries } from '../../../src/aws/calls/retry.ts';
import { RetryLog } from '../../../src/aws/calls/retry-log.ts';
import type { Credentials, SecretReader } from '../../../src/aws/calls/secret-reader.ts';
import { Regions, Session } from '../../../src/aws/calls/session.ts';
import { webIdentityRefused } from '../../../src/aws/credentials/refusals.ts';
import { type ReadPlan, readPlan } from '../../../src/core/plan/read-plan.ts';
import type { FetchProblem } from '../../../src/core/problems/problems.ts';
import { SecretValue } from '../../../src/core/secret/secret-value.ts';
import { fetchSecrets, type Retries } from '../../../src/fetcher/fetch-secrets.ts';
import { arnOf, formatPlan, planOf } from '../plans.ts';
import { ROLE_ARN } from '../stage.ts';
import { type Call, type Limit, LimitedService, type Outage } from './service.ts';
import { seededRandom, Timeline } from './timeline.ts';

export interface FleetOptions {
  readonly fetchers: number;
  /** Of each fetcher. */
  readonly secrets: number;
  /** All fetchers start within this time, in milliseconds. */
  readonly startWithin: number;
  readonly timeoutSeconds: number;
  readonly sts: Limit;
  readonly secretsManager: Limit;
  /** Of both services. */
  readonly outage?: Outage;
  readonly seed: number;
  /** Without jitter, each pause is as long as its window. For comparison. */
  readonly withoutJitter?: true;
}

/** How one fetcher ended. Times are in milliseconds. */
export interface FleetMember {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly problems: readonly FetchProblem[];
}

export interface FleetRun {
  readonly members: readonly FleetMember[];
  readonly sts: readonly Call[];
  readonly secretsManager: readonly Call[];
}

interface World {
  readonly timeline: Timeline;
  readonly options: FleetOptions;
  readonly sts: LimitedService;
  readonly secretsManager: LimitedService;
}

const CREDENTIALS: Credentials = { accessKeyId: '', secretAccessKey: '', sessionToken: '' };
/** Connections to a plain http endpoint are not opened in advance, and the reader opens none. */
const NO_CONNECTIONS = {
  sts: undefined,
  secretsManager: 'http://localhost:1',
  fips: false,
  dualStack: false,
};
/** Milliseconds of the network in one direction. */
const ONE_WAY = { least: 5, most: 20 };

/** Runs a fleet to its end. The same options and seed give the same run. */
export async function runFleet(options: FleetOptions): Promise<FleetRun> {
  const timeline = new Timeline();
  const sts = new LimitedService(timeline, options.sts, options.outage);
  const secretsManager = new LimitedService(timeline, options.secretsManager, options.outage);
  const members: FleetMember[] = [];
  for (let index = 0; index < options.fetchers; index += 1) {
    // A sequence of its own for each fetcher, as in processes of their own.
    const random = seededRandom(options.seed * 1_000_003 + index * 7919);
    timeline.schedule(random() * options.startWithin, () => {
      void runMember({ timeline, options, sts, secretsManager }, random).then((member) =>
        members.push(member),
      );
    });
  }
  await timeline.run();
  return { members, sts: sts.calls, secretsManager: secretsManager.calls };
}

async function runMember(world: World, random: () => number): Promise<FleetMember> {
  const { timeline, options } = world;
  const startedAt = timeline.now;
  const ending = new AbortController();
  const deadline: Deadline = { at: startedAt + options.timeoutSeconds * 1000, signal: ending.signal };
  timeline.schedule(deadline.at, () => ending.abort());
  const clock = timeline.clock(options.withoutJitter === true ? () => 1 : random);
  const log = new RetryLog(() => undefined);
  const problems = await signInAndFetch(world, { deadline, clock, log }, random);
  return { startedAt, endedAt: timeline.now, problems };
}

/** What one run of the fetcher does. @returns its problems */
async function signInAndFetch(
  { options, sts, secretsManager }: World,
  retries: Retries,
  random: () => number,
): Promise<readonly FetchProblem[]> {
  const { deadline, clock } = retries;
  const oneWay = () => ONE_WAY.least + random() * (ONE_WAY.most - ONE_WAY.least);
  const signIn = async (): Promise<Credentials> => {
    if ((await sts.ask(oneWay, deadline.signal)) === 'throttled') throw new AwsFailure('Throttling', 400);
    return CREDENTIALS;
  };
  const reader: SecretReader = {
    read: async ({ arn }, signal) =>
      (await secretsManager.ask(oneWay, signal)) === 'throttled'
        ? { name: 'ThrottlingException', status: 400, detail: undefined, denial: undefined }
        : { arn, value: new SecretValue('x'), versionId: undefined, stages: [] },
    describe: () => Promise.reject(new Error('a run does not describe secrets')),
  };
  let credentials: Credentials;
  try {
    credentials = await withRetries(signIn, { classify, retrying: () => undefined }, deadline, clock);
  } catch (failure) {
    return [webIdentityRefused(failure, ROLE_ARN, undefined)];
  }
  const regions = new Regions(['eu-west-1'], NO_CONNECTIONS, () => undefined);
  const session = new Session(regions, () => reader, credentials, { roleArn: ROLE_ARN, signIn });
  return (await fetchSecrets(readPlanOf(options.secrets), session, retries)).problems;
}

/** A plan with one file of each secret. */
function readPlanOf(secrets: number): ReadPlan {
  const arns = Array.from({ length: secrets }, (_, index) => arnOf(`fleet/${index}`));
  const plan = planOf(arns, { files: arns.map((_, secret) => ({ path: `${secret}`, secret })) });
  const read = readPlan(formatPlan(plan));
  if (!read.ok) throw new TypeError(read.problem.wrong);
  return read.value;
}
