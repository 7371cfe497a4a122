/** Which version of each secret is wanted, from the answers of DescribeSecret. */

import { AwsFailure, classify, rowOf } from '../../aws/calls/errors.ts';
import { RegionFailure } from '../../aws/calls/failover.ts';
import { regionProblem } from '../../aws/calls/failover-problems.ts';
import { describeOnce, mismatchProblem } from '../../aws/calls/read-secret.ts';
import type { FailureClass } from '../../aws/calls/retry.ts';
import type { DescribedSecret } from '../../aws/calls/secret-reader.ts';
import type { Session } from '../../aws/calls/session.ts';
import { secretResource } from '../../core/iam/statements.ts';
import type { SecretArn } from '../../core/names/arn.ts';
import { replicaIn } from '../../core/names/failover.ts';
import { subjectsOfSecret } from '../../core/plan/plan-subjects.ts';
import type { ReadPlan } from '../../core/plan/read-plan.ts';
import type { DeliveredVersion } from '../../core/plan/versions.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { type Asked, askEach, isAbsent, isOptionalSecret, type Retries } from '../each-secret.ts';
import type { Versions } from './messages.ts';

const DEFAULT_STAGE = 'AWSCURRENT';

/** Versions in the order of the plan's secrets. */
export interface Targets {
  readonly versions: readonly (DeliveredVersion | null)[];
  readonly problems: readonly FetchProblem[];
}

/**
 * How a look retries: nobody waits for it. Throttling and denials end it, and the schedule decides when the next one follows.
 */
export function classifyLook(failure: unknown): FailureClass {
  const kind = classify(failure);
  return kind === 'transient' ? 'transient' : 'final';
}

/**
 * Describes each secret once, so that all labels of a secret come from one answer.
 * @param delivered the versions that are in the files
 */
export async function describeVersions(
  read: ReadPlan,
  session: Session,
  retries: Retries,
  delivered: Versions,
): Promise<Targets> {
  const { plan } = read;
  const versions: (DeliveredVersion | null)[] = plan.secrets.map(({ versionId }) =>
    versionId === undefined ? null : { id: versionId },
  );
  const problems: FetchProblem[] = [];
  const unpinned = [...plan.secrets.keys()].filter((index) => plan.secrets[index]?.versionId === undefined);
  const byArn = Map.groupBy(unpinned, (index) => plan.secrets[index]?.arn ?? '');
  /** Decides about one use of a secret that has no such version. */
  const noteFailure = (index: number, failure: RegionFailure, { arn }: Asked): void => {
    const secret = plan.secrets[index];
    if (secret === undefined) return;
    // A replica that does not exist says nothing about the secret.
    const isMissing = failure.region === arn.region && isAbsent(failure.failure);
    if (isMissing && isOptionalSecret(plan, index)) versions[index] = 'absent';
    else problems.push(describeProblem(failure, subjectOf(read, index), secret, arn, session));
  };
  const usesOf = ({ secret }: Asked) => byArn.get(secret.arn) ?? [];
  const first = [...byArn.values()].flatMap((uses) => uses.slice(0, 1));
  await askEach<DescribedSecret>(read, first, retries, {
    ask: (_secret, arn, deadline) => describeOnce(arn, session, deadline),
    answered: (described, asked) => {
      const { arn, region, before, index: firstUse } = asked;
      const mismatch = mismatchProblem(described, replicaIn(region, arn), subjectOf(read, firstUse));
      if (mismatch !== undefined) problems.push(mismatch);
      else
        for (const index of usesOf(asked)) {
          const target = targetOf(plan.secrets[index]?.stage, described);
          if (target instanceof AwsFailure)
            noteFailure(index, new RegionFailure(region, target, before), asked);
          else versions[index] = isBehind(region, arn, described, delivered[index]) ?? { id: target };
        }
    },
    failed: (failure, asked) => {
      for (const index of usesOf(asked)) noteFailure(index, failure, asked);
    },
  });
  return { versions, problems };
}

function targetOf(stage: string | undefined, { versions, isDeleted }: DescribedSecret): string | AwsFailure {
  if (isDeleted) return new AwsFailure('InvalidRequestException', 400, 'deleted');
  return versions.get(stage ?? DEFAULT_STAGE) ?? new AwsFailure('ResourceNotFoundException', 400);
}

/**
 * A replica may be behind the secret. If it does not know the version that was delivered, that version stays.
 * @returns the delivered version in this case
 */
function isBehind(
  region: string,
  arn: SecretArn,
  { versions }: DescribedSecret,
  delivered: DeliveredVersion | null | undefined,
): DeliveredVersion | undefined {
  if (region === arn.region || typeof delivered !== 'object' || delivered === null) return undefined;
  return [...versions.values()].includes(delivered.id) ? undefined : delivered;
}

function subjectOf({ plan }: ReadPlan, index: number): string {
  return subjectsOfSecret(plan, index).slice(0, 3).join(', ');
}

/** The problem of a secret that could not be described. */
function describeProblem(
  failure: RegionFailure,
  subject: string,
  secret: ReadPlan['plan']['secrets'][number],
  arn: SecretArn,
  { roleArn }: Session,
): FetchProblem {
  const problem = regionProblem(failure, subject, secret, arn, roleArn);
  if (rowOf(failure.failure).problem !== 'AWS_ACCESS_DENIED') return problem;
  const statement = JSON.stringify({
    Effect: 'Allow',
    Action: 'secretsmanager:DescribeSecret',
    Resource: secretResource(replicaIn(failure.region, arn)),
  });
  return {
    ...problem,
    wrong: `the role is not allowed to describe ${arn.text}`,
    expected: `add to the permission policy of the role: ${statement}, or ask the operator to set refresh-check to value`,
  };
}
