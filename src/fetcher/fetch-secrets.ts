/** Every secret of a plan, once, at most four at a time from each Region. All failures are told, not only the first. */
import { parseArn, type SecretArn } from '../core/names/arn.ts';
import { mayBeAbsent, type Plan, type PlanSecret, referencesOf } from '../core/plan/plan.ts';
import { subjectsOfSecret } from '../core/plan/plan-subjects.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import type { SecretValue } from '../core/secret/secret-value.ts';
import { AwsFailure, classify, isAbsence, NetworkFailure } from './aws/errors.ts';
import { MOST_SOCKETS } from './aws/preopened-agent.ts';
import { fetchProblem } from './aws/problems.ts';
import { type Clock, type Deadline, withRetries } from './aws/retry.ts';
import type { AwsErrorFacts, FetchedSecret } from './aws/secret-reader.ts';
import type { Session } from './aws/session.ts';

/** @returns the values in the order of the plan's secrets, with a gap for each that is absent and may be; or the problems */
export async function fetchSecrets(
  plan: Plan,
  arns: readonly SecretArn[],
  session: Session,
  deadline: Deadline,
  clock: Clock,
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
    try {
      const fetched = await withRetries(
        () => readOnce(secret, arn, session, deadline),
        // An absent one must not cost every start the pauses of one that was just created.
        (error) => (isOptional && isAbsence(error) ? 'final' : classify(error)),
        deadline,
        clock,
      );
      const problem = mismatch(fetched, arn, subject) ?? absent(fetched, secret.arn, subject);
      if (problem !== undefined) problems.push(problem);
      else if (fetched.value !== undefined) values[index] = fetched.value;
    } catch (error) {
      if (!isOptional || !isAbsence(error)) problems.push(fetchProblem(error, subject, secret.arn));
    }
  };
  const byRegion = Map.groupBy(arns.keys(), (index) => arns[index]?.region ?? '');
  await Promise.all([...byRegion.values()].map((indices) => eachAtMost(MOST_SOCKETS, indices, fetchOne)));
  return { values, problems };
}

/** Whether everything that asks for a secret can do without it. */
function isOptionalSecret(plan: Plan, index: number): boolean {
  return plan.views.every((view) =>
    referencesOf(view).every((reference) => reference.secret !== index || mayBeAbsent(reference)),
  );
}

/** Works through a list with a few workers. */
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
  if (failure instanceof AwsFailure && EXPIRED.has(failure.code) && (await session.renew(deadline))) {
    const again = await session.reader(arn.region).read(request, deadline.signal);
    if (!('name' in again)) return checkShape(again);
    throw failureOf(again);
  }
  throw failure;
}

const EXPIRED: ReadonlySet<string> = new Set(['ExpiredTokenException', 'ExpiredToken']);

/** An answer without an ARN is no answer of Secrets Manager, whatever its status says. */
function checkShape(answer: FetchedSecret): FetchedSecret {
  if (typeof answer.arn !== 'string') throw new NetworkFailure('UNREADABLE');
  return answer;
}

function failureOf(facts: AwsErrorFacts): AwsFailure | NetworkFailure {
  // A body cut off after status 200 also arrives as an error: what was read must not count.
  if (facts.status === undefined || facts.status < 400) {
    // The SDK calls a reset connection a TimeoutError too: the system's code says which it was.
    if (facts.networkCode === undefined && /^(?:Abort|Timeout)Error$/.test(facts.name))
      return new NetworkFailure('TIMEOUT');
    return new NetworkFailure(facts.networkCode ?? (facts.status === undefined ? 'UNREADABLE' : 'TRUNCATED'));
  }
  const detail = facts.isKms ? 'kms' : facts.isDeleted ? 'deleted' : undefined;
  return new AwsFailure(facts.name, facts.status, detail);
}

/** Secrets Manager follows names: what came back must be what was asked for. */
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
    wrong: `Secrets Manager answered ${asked.text} with another secret`,
    expected: 'write the complete ARN of the secret that is meant',
  };
}

/** A partial ARN's name; undefined for a complete one, which must come back to the letter. */
function nameAsAsked(asked: SecretArn): string | undefined {
  return asked.suffix === undefined ? asked.name : undefined;
}

function absent(fetched: FetchedSecret, arn: string, subject: string): FetchProblem | undefined {
  if (fetched.value !== undefined) return undefined;
  return {
    code: 'VALUE_ABSENT',
    subject,
    wrong: `the version of ${arn} holds no value yet`,
    expected: 'store one, or name another version: a rotation may be under way',
  };
}
