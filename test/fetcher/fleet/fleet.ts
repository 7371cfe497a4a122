/**
 * Many fetchers that start together, in virtual time: the product's own retries, classes and fetch of all secrets, with
 * the network and AWS replaced by a delay and a token bucket.
 */
import { readPlan } from '../../../src/core/plan/read-plan.ts';
import type { FetchProblem } from '../../../src/core/problems/problems.ts';
import { SecretValue } from '../../../src/core/secret/secret-value.ts';
import { AwsFailure, classify, NetworkFailure } from '../../../src/fetcher/aws/errors.ts';
import { type Clock, type Deadline, withRetries } from '../../../src/fetcher/aws/retry.ts';
import { RetryLog } from '../../../src/fetcher/aws/retry-log.ts';
import type { Credentials, SecretReader } from '../../../src/fetcher/aws/secret-reader.ts';
import { Regions, Session } from '../../../src/fetcher/aws/session.ts';
import { fetchSecrets } from '../../../src/fetcher/fetch-secrets.ts';
import { arnOf, formatPlan, planOf } from '../plans.ts';
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
const PLAIN_HTTP = { sts: undefined, secretsManager: 'http://localhost:1', fips: false, dualStack: false };
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
  const problems = await fetchAll(world, deadline, clock, random);
  return { startedAt, endedAt: timeline.now, problems };
}

/** Signs in and fetches, as one run of the fetcher does. */
async function fetchAll(
  world: World,
  deadline: Deadline,
  clock: Clock,
  random: () => number,
): Promise<readonly FetchProblem[]> {
  const { timeline, options, sts, secretsManager } = world;
  const log = new RetryLog(() => undefined);
  const send = async (service: LimitedService, signal: AbortSignal): Promise<Call['verdict']> => {
    const oneWay = () => ONE_WAY.least + random() * (ONE_WAY.most - ONE_WAY.least);
    try {
      await timeline.wait(oneWay(), signal);
      const verdict = service.call();
      await timeline.wait(oneWay(), signal);
      if (verdict !== 'refused') return verdict;
    } catch {
      throw new NetworkFailure('ABORTED');
    }
    throw new NetworkFailure('ECONNREFUSED');
  };
  const signIn = async (): Promise<Credentials> => {
    if ((await send(sts, deadline.signal)) === 'throttled') throw new AwsFailure('Throttling', 400);
    return CREDENTIALS;
  };
  try {
    await withRetries(signIn, { classify, retrying: () => undefined }, deadline, clock);
  } catch {
    return [{ code: 'AWS_UNAVAILABLE', subject: 'sign-in', wrong: 'no credentials', expected: '' }];
  }
  const reader: SecretReader = {
    read: async ({ arn }, signal) =>
      (await send(secretsManager, signal)) === 'throttled'
        ? { name: 'ThrottlingException', status: 400, detail: undefined, denial: undefined }
        : { arn, value: new SecretValue('x'), versionId: undefined, stages: [] },
    close: () => undefined,
  };
  const arns = Array.from({ length: options.secrets }, (_, index) => arnOf(`fleet/${index}`));
  const plan = readPlan(
    formatPlan(planOf(arns, { files: arns.map((_, secret) => ({ path: `${secret}`, secret })) })),
  );
  if (!plan.ok) throw new TypeError(plan.problem.wrong);
  const regions = new Regions(['eu-west-1'], PLAIN_HTTP, () => undefined);
  const session = new Session(regions, () => reader, CREDENTIALS, {
    roleArn: undefined,
    signIn: async () => CREDENTIALS,
  });
  return (await fetchSecrets(plan.value, session, { deadline, clock, log })).problems;
}
