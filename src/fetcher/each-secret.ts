/** Asks Secrets Manager about secrets of a plan, a few at a time in each Region, with retries and failover. */

import { classify, rowOf } from '../aws/calls/errors.ts';
import { Outages, RegionFailure, readInOrder } from '../aws/calls/failover.ts';
import {
  type Clock,
  type Deadline,
  type FailureClass,
  type Reaction,
  withRetries,
} from '../aws/calls/retry.ts';
import type { RetryLog, Unavailable } from '../aws/calls/retry-log.ts';
import { MOST_SOCKETS } from '../aws/connections/early-connections.ts';
import type { SecretArn } from '../core/names/arn.ts';
import { replicaIn } from '../core/names/failover.ts';
import { mayBeAbsent, type Plan, type PlanSecret, referencesOf } from '../core/plan/plan.ts';
import type { ReadPlan } from '../core/plan/read-plan.ts';
import { nextTurn } from './process/next-turn.ts';
import type { Span } from './process/run-log.ts';

/** What the retries of a run share. */
export interface Retries {
  readonly deadline: Deadline;
  readonly clock: Clock;
  readonly log: RetryLog;
  /** How to retry a failure; by default for an application that waits for its start. */
  readonly classify?: (failure: unknown) => FailureClass;
  /** The most tries for one secret in one Region; by default, the deadline alone ends them. */
  readonly mostTries?: number;
}

/** How a secret was asked about. */
export interface Asked {
  readonly index: number;
  readonly secret: PlanSecret;
  /** As in the plan, parsed. */
  readonly arn: SecretArn;
  readonly isOptional: boolean;
  /** The Region that answered, or the last one that was tried. */
  readonly region: string;
  /** The Regions that were unavailable before. */
  readonly before: Unavailable;
  readonly span: Span;
  readonly retries: number;
}

export interface Question<T> {
  /** One try. @param arn of the secret or of its replica @throws AwsFailure or NetworkFailure */
  ask(secret: PlanSecret, arn: SecretArn, deadline: Deadline): Promise<T>;
  answered(answer: T, asked: Asked): void;
  failed(failure: RegionFailure, asked: Asked): void;
}

/** In each Region. Half of the requests wait for a connection, signed: they leave as soon as one is free. */
const AT_ONCE = 2 * MOST_SOCKETS;

/** Asks about each of the secrets once. @param indices of secrets in the plan */
export async function askEach<T>(
  { plan, arns }: ReadPlan,
  indices: Iterable<number>,
  retries: Retries,
  question: Question<T>,
): Promise<void> {
  const { clock } = retries;
  const run = { outages: new Outages(), ...retries };
  const askOne = async (index: number): Promise<void> => {
    const secret = plan.secrets[index];
    const arn = arns[index];
    if (secret === undefined || arn === undefined) return;
    const isOptional = isOptionalSecret(plan, index);
    const start = clock.now();
    let retried = 0;
    const onRetry = () => {
      retried += 1;
    };
    const facts = ({ region, before }: { readonly region: string; readonly before: Unavailable }): Asked => {
      const span = { start, end: clock.now() };
      return { index, secret, arn, isOptional, region, before, span, retries: retried };
    };
    const read = (region: string, share: Deadline) => {
      const attempt = () => question.ask(secret, replicaIn(region, arn), share);
      const mayEnd = isOptional && region === arn.region;
      return askWithRetries(attempt, replicaIn(region, arn), mayEnd, share, { ...retries, onRetry });
    };
    try {
      const found = await readInOrder([arn.region, ...(secret.failover ?? [])], read, run);
      question.answered(found.answer, facts(found));
    } catch (failure) {
      if (!(failure instanceof RegionFailure)) throw failure;
      question.failed(failure, facts(failure));
    }
  };
  const byRegion = Map.groupBy(indices, (index) => arns[index]?.region ?? '');
  await Promise.all([...byRegion.values()].map((some) => eachAtMost(AT_ONCE, some, askOne)));
}

/**
 * Asks in one Region.
 * @param mayBeMissing whether the answer that the secret does not exist needs no second try
 * @param share the end of the tries in this Region
 * @throws the last failure
 */
async function askWithRetries<T>(
  attempt: () => Promise<T>,
  arn: SecretArn,
  mayBeMissing: boolean,
  share: Deadline,
  retries: Retries & { readonly onRetry: () => void },
): Promise<T> {
  const { deadline, clock, log, classify: own = classify, mostTries, onRetry } = retries;
  const service = `Secrets Manager in ${arn.region}`;
  let tries = 0;
  const react: Reaction = {
    classify: (failure) => {
      tries += 1;
      // A missing optional secret must not delay every start by the pauses for a secret that was just created.
      if (mayBeMissing && isAbsent(failure)) return 'final';
      return tries === mostTries ? 'final' : own(failure);
    },
    // A failure of the network or of the service is the same for every secret.
    retrying: (failure) => {
      onRetry();
      log.retrying(own(failure) === 'settling' ? arn.text : service, failure);
    },
  };
  const answered = log.asking(service);
  try {
    const answer = await withRetries(attempt, react, share, clock);
    answered();
    log.succeeded(service, arn.text);
    return answer;
  } catch (failure) {
    // At the end of the run, the message says which services have not answered.
    if (!deadline.signal.aborted) answered();
    throw failure;
  }
}

/** Whether a secret or version does not exist. A secret that is scheduled for deletion counts as missing. */
export function isAbsent(failure: unknown): boolean {
  return rowOf(failure).isAbsence === true;
}

/** Whether all references to a secret are optional. */
export function isOptionalSecret(plan: Plan, index: number): boolean {
  return plan.views.every((view) =>
    referencesOf(view).every((reference) => reference.secret !== index || mayBeAbsent(reference)),
  );
}

/**
 * Processes a list with a few workers. One begins in each turn of the event loop: otherwise, the first request would not leave
 * before the last one is signed.
 */
async function eachAtMost<T>(
  workers: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  const started: Promise<void>[] = [];
  while (started.length < Math.min(workers, items.length)) {
    const working = worker();
    // A failure is noticed when all have started.
    working.catch(() => undefined);
    started.push(working);
    await nextTurn();
  }
  await Promise.all(started);
}
