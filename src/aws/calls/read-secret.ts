/** One try to read or to describe a secret, and the check of the answer. */
import { parseArn, type SecretArn } from '../../core/names/arn.ts';
import type { PlanSecret } from '../../core/plan/plan.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { AwsFailure, NetworkFailure, rowOf } from './errors.ts';
import type { Deadline } from './retry.ts';
import type {
  AwsErrorFacts,
  DescribedSecret,
  FetchedSecret,
  SecretReader,
  SecretRequest,
} from './secret-reader.ts';
import type { Session } from './session.ts';

/**
 * Reads a secret once, with a second sign-in if the session has expired.
 * @param arn of the secret, or of its replica
 * @throws AwsFailure or NetworkFailure
 */
export function readOnce(
  secret: PlanSecret,
  arn: SecretArn,
  session: Session,
  deadline: Deadline,
): Promise<FetchedSecret> {
  return askOnce(arn, session, (reader) => reader.read(requestFor(secret, arn), deadline.signal));
}

/** The request for a secret, or for its replica. */
export function requestFor(
  { stage, versionId, pinned }: PlanSecret,
  { text: arn }: SecretArn,
): SecretRequest {
  return pinned === undefined ? { arn, stage, versionId } : { arn, stage: undefined, versionId: pinned };
}

/**
 * Describes a secret once, with a second sign-in if the session has expired.
 * @param arn of the secret, or of its replica
 * @throws AwsFailure or NetworkFailure
 */
export function describeOnce(arn: SecretArn, session: Session, deadline: Deadline): Promise<DescribedSecret> {
  return askOnce(arn, session, (reader) => reader.describe(arn.text, deadline.signal));
}

async function askOnce<T extends FetchedSecret | DescribedSecret>(
  { region }: SecretArn,
  session: Session,
  ask: (reader: SecretReader) => Promise<T | AwsErrorFacts>,
): Promise<T> {
  const answer = await ask(session.reader(region));
  if (!('name' in answer)) return checkShape(answer);
  const failure = failureOf(answer);
  if (rowOf(failure).signsInAgain === true && (await session.renew())) {
    const again = await ask(session.reader(region));
    if (!('name' in again)) return checkShape(again);
    throw failureOf(again);
  }
  throw failure;
}

/** An answer without an ARN is not an answer of Secrets Manager, whatever its status. */
function checkShape<T extends FetchedSecret | DescribedSecret>(answer: T): T {
  if (typeof answer.arn !== 'string') throw new NetworkFailure('UNREADABLE');
  return answer;
}

function failureOf(facts: AwsErrorFacts): AwsFailure | NetworkFailure {
  // A body that is incomplete after status 200 is an error as well.
  if (facts.status < 400) return new NetworkFailure('TRUNCATED');
  return new AwsFailure(facts.name, facts.status, facts.detail, facts.denial);
}

/**
 * The problem of an answer: another secret than the requested one, because Secrets Manager resolves names; or no value.
 * @param asked the ARN in the request
 */
export function answerProblem(
  fetched: FetchedSecret,
  asked: SecretArn,
  subject: string,
): FetchProblem | undefined {
  return mismatchProblem(fetched, asked, subject) ?? absent(fetched, asked.text, subject);
}

/** The problem of an answer about another secret than the requested one. */
export function mismatchProblem(
  { arn }: Pick<FetchedSecret, 'arn'>,
  asked: SecretArn,
  subject: string,
): FetchProblem | undefined {
  const got = parseArn(arn ?? '', subject);
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
