/** Fetches every secret of a plan once. All failures are reported. */

import { describeAll, regionProblem } from '../aws/calls/failover-problems.ts';
import { answerProblem, readOnce } from '../aws/calls/read-secret.ts';
import type { Unavailable } from '../aws/calls/retry-log.ts';
import type { FetchedSecret } from '../aws/calls/secret-reader.ts';
import type { Session } from '../aws/calls/session.ts';
import { replicaIn } from '../core/names/failover.ts';
import { subjectsOfSecret } from '../core/plan/plan-subjects.ts';
import type { ReadPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import type { SecretSource } from '../core/render/manifest.ts';
import type { SecretValue } from '../core/secret/secret-value.ts';
import { type Asked, askEach, isAbsent, type Retries } from './each-secret.ts';

import type { SecretRead } from './process/run-log.ts';

export type { Retries } from './each-secret.ts';

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

/**
 * Fetches secrets. Problems are gathered; nothing is thrown.
 * @param missing indices of secrets that are known not to exist
 */
export async function fetchSecrets(
  read: ReadPlan,
  session: Session,
  retries: Retries,
  missing: ReadonlySet<number> = new Set(),
): Promise<Fetched> {
  const { plan } = read;
  const values: (SecretValue | undefined)[] = plan.secrets.map(() => undefined);
  const sources: (SecretSource | undefined)[] = plan.secrets.map(() => undefined);
  const problems: FetchProblem[] = [];
  const reads = new Map<number, SecretRead>();
  const replicas = new ReplicaCount();
  const note = (
    { index, arn, before, ...asked }: Asked,
    problem: FetchProblem | undefined,
    versionId?: string,
  ): void => {
    if (problem !== undefined) problems.push(problem);
    const { region, span, retries: retried } = asked;
    const insteadOf = [...before.keys()];
    reads.set(index, {
      ...{ arn: arn.text, region, versionId, span, retries: retried, insteadOf },
      code: problem?.code,
    });
  };
  const subjectOf = (index: number) => subjectsOfSecret(plan, index).slice(0, 3).join(', ');
  const indices = [...plan.secrets.keys()].filter((index) => !missing.has(index));
  await askEach<FetchedSecret>(read, indices, retries, {
    ask: (secret, arn, deadline) => readOnce(secret, arn, session, deadline),
    answered: (answer, asked) => {
      const { index, region, before } = asked;
      const problem = answerProblem(answer, replicaIn(region, asked.arn), subjectOf(index));
      note(asked, problem, problem === undefined ? answer.versionId : undefined);
      if (problem !== undefined || answer.value === undefined) return;
      values[index] = answer.value;
      sources[index] = { region, versionId: answer.versionId, stages: answer.stages };
      replicas.add(region, before);
    },
    failed: (failure, asked) => {
      const { index, secret, arn } = asked;
      // A replica that does not exist says nothing about the secret.
      const isMissing = failure.region === arn.region && isAbsent(failure.failure);
      const isAccepted = asked.isOptional && isMissing;
      note(
        asked,
        isAccepted ? undefined : regionProblem(failure, subjectOf(index), secret, arn, session.roleArn),
      );
    },
  });
  const inOrder = [...reads].toSorted(([one], [other]) => one - other).map(([, one]) => one);
  return { values, sources, problems, warnings: replicas.warnings, reads: inOrder };
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
