/** Fetches every secret of a plan once, at most four at a time from each Region. All failures are reported. */

import { classify, rowOf } from '../aws/calls/errors.ts';
import { Outages, RegionFailure, readInOrder } from '../aws/calls/failover.ts';
import { describeAll, regionProblem } from '../aws/calls/failover-problems.ts';
import { MOST_SOCKETS } from '../aws/calls/preopened-agent.ts';
import { answerProblem, readOnce } from '../aws/calls/read-secret.ts';
import { type Clock, type Deadline, type Reaction, withRetries } from '../aws/calls/retry.ts';
import type { RetryLog, Unavailable } from '../aws/calls/retry-log.ts';
import type { FetchedSecret } from '../aws/calls/secret-reader.ts';
import type { Session } from '../aws/calls/session.ts';
import type { SecretArn } from '../core/names/arn.ts';
import { replicaIn } from '../core/names/failover.ts';
import { mayBeAbsent, type Plan, type PlanSecret, referencesOf } from '../core/plan/plan.ts';
import { subjectsOfSecret } from '../core/plan/plan-subjects.ts';
import type { ReadPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import type { SecretSource } from '../core/render/manifest.ts';
import type { SecretValue } from '../core/secret/secret-value.ts';
import type { SecretRead } from './process/run-log.ts';

/** What the retries of a run share. */
export interface Retries {
  readonly deadline: Deadline;
  readonly clock: Clock;
  readonly log: RetryLog;
}

/** What was fetched. */
export interface Fetched {
  /** In the order of the plan's secrets; undefined for missing optional secrets. */
  readonly values: readonly (SecretValue | undefined)[];
  /** Where each value was read, in the same order. */
  readonly sources: readonly (SecretSource | undefined)[];
  readonly problems: readonly FetchProblem[];
  /** Regions that were used instead of others. */
  readonly warnings: readonly string[];
  /** How each secret was read, for the log and the trace, in the order of the plan's secrets. */
  readonly reads: readonly SecretRead[];
}

/** Fetches all secrets. Problems are gathered; nothing is thrown. */
export async function fetchSecrets(
  { plan, arns }: ReadPlan,
  session: Session,
  { deadline, clock, log }: Retries,
): Promise<Fetched> {
  const values: (SecretValue | undefined)[] = plan.secrets.map(() => undefined);
  const sources: (SecretSource | undefined)[] = plan.secrets.map(() => undefined);
  const problems: FetchProblem[] = [];
  const reads = new Map<number, SecretRead>();
  const replicas = new ReplicaCount();
  const run = { outages: new Outages(), deadline, clock, log };
  const fetchOne = async (index: number): Promise<void> => {
    const secret = plan.secrets[index];
    const arn = arns[index];
    if (secret === undefined || arn === undefined) return;
    const subject = subjectsOfSecret(plan, index).slice(0, 3).join(', ');
    const isOptional = isOptionalSecret(plan, index);
    const start = clock.now();
    let retries = 0;
    const note = (region: string, before: Unavailable, problem?: FetchProblem, versionId?: string): void => {
      if (problem !== undefined) problems.push(problem);
      const span = { start, end: clock.now() };
      const insteadOf = [...before.keys()];
      reads.set(index, { arn: arn.text, region, versionId, span, retries, insteadOf, code: problem?.code });
    };
    const read = (region: string, share: Deadline) =>
      readWithRetries(secret, replicaIn(region, arn), {
        isOptional: isOptional && region === arn.region,
        session,
        share,
        retries: { deadline, clock, log },
        onRetry: () => {
          retries += 1;
        },
      });
    try {
      const { region, answer, before } = await readInOrder(
        [arn.region, ...(secret.failover ?? [])],
        read,
        run,
      );
      const problem = answerProblem(answer, replicaIn(region, arn), subject);
      note(region, before, problem, problem === undefined ? answer.versionId : undefined);
      if (problem === undefined && answer.value !== undefined) {
        values[index] = answer.value;
        sources[index] = { region, versionId: answer.versionId, stages: answer.stages };
        replicas.add(region, before);
      }
    } catch (failure) {
      if (!(failure instanceof RegionFailure)) throw failure;
      // A replica that does not exist says nothing about the secret.
      const isMissing = failure.region === arn.region && isAbsent(failure.failure);
      const isAccepted = isOptional && isMissing;
      note(
        failure.region,
        failure.before,
        isAccepted ? undefined : regionProblem(failure, subject, secret, arn, session.roleArn),
      );
    }
  };
  const byRegion = Map.groupBy(arns.keys(), (index) => arns[index]?.region ?? '');
  await Promise.all([...byRegion.values()].map((indices) => eachAtMost(MOST_SOCKETS, indices, fetchOne)));
  const inOrder = [...reads].toSorted(([one], [other]) => one - other).map(([, read]) => read);
  return { values, sources, problems, warnings: replicas.warnings, reads: inOrder };
}

interface ReadOptions {
  /** Whether the secret may be missing. */
  readonly isOptional: boolean;
  readonly session: Session;
  /** The end of the tries in this Region. */
  readonly share: Deadline;
  readonly retries: Retries;
  readonly onRetry: () => void;
}

/** Reads a secret in one Region. @throws the last failure */
async function readWithRetries(
  secret: PlanSecret,
  arn: SecretArn,
  { isOptional, session, share, retries: { deadline, clock, log }, onRetry }: ReadOptions,
): Promise<FetchedSecret> {
  const service = `Secrets Manager in ${arn.region}`;
  const react: Reaction = {
    // A missing optional secret must not delay every start by the pauses for a secret that was just created.
    classify: (failure) => (isOptional && isAbsent(failure) ? 'final' : classify(failure)),
    // A failure of the network or of the service is the same for every secret.
    retrying: (failure) => {
      onRetry();
      log.retrying(classify(failure) === 'settling' ? arn.text : service, failure);
    },
  };
  const answered = log.asking(service);
  try {
    const fetched = await withRetries(() => readOnce(secret, arn, session, share), react, share, clock);
    answered();
    log.succeeded(service, arn.text);
    return fetched;
  } catch (failure) {
    // At the end of the run, the message says which services have not answered.
    if (!deadline.signal.aborted) answered();
    throw failure;
  }
}

/** Whether a secret or version does not exist. A secret that is scheduled for deletion counts as missing. */
function isAbsent(failure: unknown): boolean {
  return rowOf(failure).isAbsence === true;
}

/** Whether all references to a secret are optional. */
function isOptionalSecret(plan: Plan, index: number): boolean {
  return plan.views.every((view) =>
    referencesOf(view).every((reference) => reference.secret !== index || mayBeAbsent(reference)),
  );
}

/** Counts the secrets that were read from replicas. */
class ReplicaCount {
  readonly #counts = new Map<string, number>();

  add(region: string, before: Unavailable): void {
    if (before.size === 0) return;
    const where = `from replicas in ${region}, because of ${describeAll(before)}`;
    this.#counts.set(where, (this.#counts.get(where) ?? 0) + 1);
  }

  /** One line for each Region and cause. */
  get warnings(): readonly string[] {
    return [...this.#counts].map(
      ([where, count]) => `read ${count} secret${count === 1 ? '' : 's'} ${where}`,
    );
  }
}

/** Processes a list with a few workers. */
async function eachAtMost<T>(
  workers: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(workers, items.length) }, worker));
}
