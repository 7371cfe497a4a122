/** Fetches every secret of a plan once, at most four at a time from each Region. All failures are reported. */
import { parseArn, type SecretArn } from '../core/names/arn.ts';
import { mayBeAbsent, type Plan, type PlanSecret, referencesOf } from '../core/plan/plan.ts';
import { subjectsOfSecret } from '../core/plan/plan-subjects.ts';
import type { ReadPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import type { SecretValue } from '../core/secret/secret-value.ts';
import { AwsFailure, classify, NetworkFailure, rowOf } from './aws/errors.ts';
import { MOST_SOCKETS } from './aws/preopened-agent.ts';
import { fetchProblem } from './aws/problems.ts';
import { type Clock, type Deadline, type Reaction, withRetries } from './aws/retry.ts';
import type { RetryLog } from './aws/retry-log.ts';
import type { AwsErrorFacts, FetchedSecret } from './aws/secret-reader.ts';
import type { Session } from './aws/session.ts';

/** What the retries of a run share. */
export interface Retries {
  readonly deadline: Deadline;
  readonly clock: Clock;
  readonly log: RetryLog;
}

/** @returns the values in the order of the plan's secrets, undefined for missing optional secrets; and all problems */
export async function fetchSecrets(
  { plan, arns }: ReadPlan,
  session: Session,
  { deadline, clock, log }: Retries,
): Promise<{
  readonly values: readonly (SecretValue | undefined)[];
  readonly problems: readonly FetchProblem[];
}> {
  const values: (SecretValue | undefined)[] = plan.secrets.map(() => undefined);
  const problems: FetchProblem[] = [];
  const fetchOne = async (index: number): Promise<void> => {
    const secret = plan.secrets[index];
    const arn = arns[index];
    if (secret === undefined || arn === undefined) return;
    const subject = subjectsOfSecret(plan, index).slice(0, 3).join(', ');
    const isOptional = isOptionalSecret(plan, index);
    const service = `Secrets Manager in ${arn.region}`;
    const react: Reaction = {
      // A missing optional secret must not delay every start by the pauses for a secret that was just created.
      classify: (failure) => (isOptional && isAbsent(failure) ? 'final' : classify(failure)),
      // A failure of the network or of the service is the same for every secret.
      retrying: (failure) => log.retrying(classify(failure) === 'settling' ? secret.arn : service, failure),
    };
    const answered = log.asking(service);
    try {
      const fetched = await withRetries(
        () => readOnce(secret, arn, session, deadline),
        react,
        deadline,
        clock,
      );
      answered();
      log.succeeded(service, secret.arn);
      const problem = mismatch(fetched, arn, subject) ?? absent(fetched, secret.arn, subject);
      if (problem !== undefined) problems.push(problem);
      else if (fetched.value !== undefined) values[index] = fetched.value;
    } catch (failure) {
      if (!isOptional || !isAbsent(failure))
        problems.push(fetchProblem(failure, subject, secret, session.roleArn));
    }
  };
  const byRegion = Map.groupBy(arns.keys(), (index) => arns[index]?.region ?? '');
  await Promise.all([...byRegion.values()].map((indices) => eachAtMost(MOST_SOCKETS, indices, fetchOne)));
  return { values, problems };
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

async function readOnce(
  secret: PlanSecret,
  arn: SecretArn,
  session: Session,
  deadline: Deadline,
): Promise<FetchedSecret> {
  const request = { arn: secret.arn, stage: secret.stage, versionId: secret.versionId };
  const answer = await session.reader(arn.region).read(request, deadline.signal);
  if (!('name' in answer)) return checkShape(answer);
  const failure = failureOf(answer);
  if (rowOf(failure).signsInAgain === true && (await session.renew(deadline))) {
    const again = await session.reader(arn.region).read(request, deadline.signal);
    if (!('name' in again)) return checkShape(again);
    throw failureOf(again);
  }
  throw failure;
}

/** An answer without an ARN is not an answer of Secrets Manager, whatever its status. */
function checkShape(answer: FetchedSecret): FetchedSecret {
  if (typeof answer.arn !== 'string') throw new NetworkFailure('UNREADABLE');
  return answer;
}

function failureOf(facts: AwsErrorFacts): AwsFailure | NetworkFailure {
  // A body that is incomplete after status 200 is an error as well.
  if (facts.status === undefined)
    return new NetworkFailure(facts.name === 'AbortError' ? 'ABORTED' : 'UNREADABLE');
  if (facts.status < 400) return new NetworkFailure('TRUNCATED');
  return new AwsFailure(facts.name, facts.status, facts.detail, facts.denial);
}

/** Secrets Manager resolves names, so the returned secret must be compared with the requested one. */
function mismatch(fetched: FetchedSecret, asked: SecretArn, subject: string): FetchProblem | undefined {
  const got = parseArn(fetched.arn ?? '', subject);
  const isSame =
    got.ok &&
    got.value.region === asked.region &&
    got.value.account === asked.account &&
    (got.value.text === asked.text || got.value.name === nameAsAsked(asked));
  if (isSame) return undefined;
  return {
    code: 'SECRET_MISMATCH',
    subject,
    wrong: `Secrets Manager returned a different secret for ${asked.text}`,
    expected: 'use the complete ARN of the secret',
  };
}

/** The name of a partial ARN; undefined for a complete ARN, which must be equal. */
function nameAsAsked(asked: SecretArn): string | undefined {
  return asked.suffix === undefined ? asked.name : undefined;
}

function absent(fetched: FetchedSecret, arn: string, subject: string): FetchProblem | undefined {
  if (fetched.value !== undefined) return undefined;
  return {
    code: 'VALUE_ABSENT',
    subject,
    wrong: `the requested version of ${arn} has no value yet`,
    expected: 'store a value, or use another version; a rotation may be in progress',
  };
}
