/** Faults that last. Time is virtual here: a pause is over at once, so that a deadline of minutes takes none. */
import tls from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { classify } from '../../src/aws/calls/errors.ts';
import { withRetries } from '../../src/aws/calls/retry.ts';
import { RetryLog } from '../../src/aws/calls/retry-log.ts';
import { openSecretReader } from '../../src/aws/calls/secrets-manager.ts';
import { Regions, Session } from '../../src/aws/calls/session.ts';
import { ConnectionPool } from '../../src/aws/connections/connection-pool.ts';
import { webIdentityRefused } from '../../src/aws/credentials/refusals.ts';
import { assumeRoleWithWebIdentity } from '../../src/aws/credentials/sts.ts';
import { claimsOf } from '../../src/aws/credentials/token-claims.ts';
import { parseArn } from '../../src/core/names/arn.ts';
import { FETCH_CODES } from '../../src/core/problems/fetch-codes.ts';
import { type FetchProblem, formatProblems } from '../../src/core/problems/problems.ts';
import { fetchSecrets } from '../../src/fetcher/fetch-secrets.ts';
import { type Fault, type StandIn, startStandIn } from '../aws-fake/index.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';
import { ROLE_ARN, SUBJECT } from '../fetcher/stage.ts';
import { virtualTime } from '../fetcher/virtual-clock.ts';

const ARN = arnOf('shop/canary');
const SILENT = new RetryLog(() => undefined);
let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandIn();
  tls.setDefaultCACertificates([standIn.caPem]);
});
beforeEach(() => {
  standIn.reset();
  standIn.putRole({ arn: ROLE_ARN, subjects: ['*'], allow: ['*'] });
  standIn.putSecret({ arn: ARN, value: CANARY });
});
afterAll(() => standIn.stop());

/** Fetches the one secret as the program does, from a session on. */
async function fetchOne(seconds: number) {
  const parsed = parseArn(ARN, ARN);
  if (!parsed.ok) throw new TypeError(parsed.problem.wrong);
  const arn = parsed.value;
  const settings = { sts: standIn.url, secretsManager: standIn.url, fips: false, dualStack: false };
  const regions = new Regions([arn.region], settings, () => undefined);
  const credentials = standIn.startSession(ROLE_ARN);
  const session = new Session(regions, openSecretReader, credentials, {
    roleArn: ROLE_ARN,
    signIn: async () => credentials,
  });
  const time = virtualTime(seconds);
  const { problems, values } = await fetchSecrets({ plan: onePlan(ARN), arns: [arn] }, session, {
    ...time,
    log: SILENT,
  });
  return { problems, values, pauses: time.pauses };
}

function expectProblem(problems: readonly FetchProblem[], code: string, exit: number, says: RegExp): void {
  expect(problems.map((problem) => [problem.code, FETCH_CODES[problem.code].exit])).toEqual([[code, exit]]);
  const text = formatProblems(problems);
  expect(text).toMatch(says);
  expectNoCanary([text, JSON.stringify(problems)]);
}

it.each<[Fault, string, number, RegExp]>([
  [{ kind: 'throttle' }, 'AWS_THROTTLED', 13, /raise fetch-timeout/],
  [{ kind: 'serverError' }, 'AWS_UNAVAILABLE', 13, /last failure: HTTP 500/],
  [{ kind: 'unavailableHtml' }, 'AWS_UNAVAILABLE', 13, /last failure: HTTP 503/],
  [{ kind: 'reset' }, 'AWS_UNAVAILABLE', 13, /last failure: connection reset/],
  [{ kind: 'truncated' }, 'AWS_UNAVAILABLE', 13, /last failure: the answer was incomplete/],
  [
    { kind: 'truncatedJson' },
    'AWS_UNAVAILABLE',
    13,
    /last failure: the answer was incomplete or could not be read/,
  ],
  [{ kind: 'wrongJson' }, 'AWS_UNAVAILABLE', 13, /last failure: HTTP 200 from something other than AWS/],
  [{ kind: 'wrongJson', body: `${CANARY} is no JSON` }, 'AWS_UNAVAILABLE', 13, /./],
  [{ kind: 'wrongJson', body: `{"ARN":"${ARN}"}` }, 'VALUE_ABSENT', 14, /has no value yet/],
  [{ kind: 'wrongJson', body: `{"ARN":"${arnOf('other')}","SecretString":"x"}` }, 'SECRET_MISMATCH', 12, /./],
  [{ kind: 'denied' }, 'AWS_ACCESS_DENIED', 11, /secretsmanager:GetSecretValue/],
  [{ kind: 'kmsDenied' }, 'AWS_KMS_DENIED', 11, /kms:Decrypt/],
  [{ kind: 'decryptionFailure' }, 'AWS_KMS_DENIED', 11, /kms:Decrypt/],
  [{ kind: 'notFound' }, 'SECRET_NOT_FOUND', 12, /suffix.*missing permission/],
  [{ kind: 'scheduledForDeletion' }, 'SECRET_DELETED', 12, /restore-secret/],
  [{ kind: 'expiredToken' }, 'IDENTITY_REFUSED', 10, /clock/],
  [
    {
      kind: 'custom',
      status: 400,
      body: `{"__type":"InvalidRequestException","Message":"${CANARY.slice(0, 12)}"}`,
    },
    'SECRET_REFUSED',
    12,
    /InvalidRequestException/,
  ],
  [
    { kind: 'custom', status: 403, body: `<html>${CANARY}</html>`, headers: { 'content-type': 'text/html' } },
    'AWS_UNAVAILABLE',
    13,
    /HTTP 403 from something other than AWS.*allow the endpoints of AWS in the proxy/,
  ],
])('Secrets Manager: %j is %s', async (fault, code, exit, says) => {
  standIn.script('GetSecretValue', { ...fault, times: 'forever' });
  const { problems, values } = await fetchOne(60);
  expectProblem(problems, code, exit, says);
  expect(formatProblems(problems)).toContain(`secrets-injector.dev/file.value: `);
  expect(formatProblems(problems)).toContain(ARN);
  expect(values).toEqual([undefined]);
});

it.each<[Fault, string, number, RegExp]>([
  [{ kind: 'throttle' }, 'AWS_THROTTLED', 13, /STS/],
  [{ kind: 'serverError' }, 'AWS_UNAVAILABLE', 13, /STS.*last failure: HTTP 500/],
  [{ kind: 'reset' }, 'AWS_UNAVAILABLE', 13, /STS.*last failure: connection reset/],
  [{ kind: 'truncated' }, 'AWS_UNAVAILABLE', 13, /STS.*incomplete or could not be read/],
  [
    { kind: 'custom', status: 200, body: '<html/>' },
    'AWS_UNAVAILABLE',
    13,
    /STS.*HTTP 200 from something other/,
  ],
  [
    { kind: 'custom', status: 403, body: '<html/>' },
    'AWS_UNAVAILABLE',
    13,
    /STS.*HTTP 403 from something other/,
  ],
  [{ kind: 'denied' }, 'IDENTITY_REFUSED', 10, /trust policy/],
  [{ kind: 'expiredToken' }, 'IDENTITY_REFUSED', 10, /token expired/],
  [{ kind: 'invalidIdentityToken' }, 'IDENTITY_REFUSED', 10, /oidc\.aws-fake\.test/],
  [{ kind: 'idpCommunicationError' }, 'IDENTITY_REFUSED', 10, /oidc\.aws-fake\.test/],
])('STS: %j is %s', async (fault, code, exit, says) => {
  standIn.script('AssumeRoleWithWebIdentity', { ...fault, times: 'forever' });
  const token = await standIn.issueToken(SUBJECT);
  const time = virtualTime(60);
  const endpoint = new URL(standIn.url);
  const target = { service: 'sts', endpoint, pool: new ConnectionPool(endpoint, 0) } as const;
  const signIn = { roleArn: ROLE_ARN, sessionName: 'shop.web', token };
  const error: unknown = await withRetries(
    () => assumeRoleWithWebIdentity(target, signIn, time.deadline.signal),
    { classify, retrying: () => undefined },
    time.deadline,
    time.clock,
  ).catch((caught: unknown) => caught);
  expectProblem([webIdentityRefused(error, ROLE_ARN, claimsOf(token))], code, exit, says);
  expectNoCanary([String(error), JSON.stringify(error)], token);
});

it.each<[Fault, number]>([
  [{ kind: 'scheduledForDeletion' }, 1],
  [{ kind: 'denied' }, 4],
  [{ kind: 'notFound' }, 4],
  [{ kind: 'kmsDenied' }, 4],
])('%j is asked for this often: %i', async (fault, tries) => {
  standIn.script('GetSecretValue', { ...fault, times: 'forever' });
  const { pauses } = await fetchOne(60);
  expect(standIn.requests).toHaveLength(tries);
  expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThanOrEqual(8000);
});

it('goes on with what passes until the deadline, and not beyond it', async () => {
  standIn.script('GetSecretValue', { kind: 'serverError', times: 'forever' });
  const { pauses } = await fetchOne(60);
  const sum = pauses.reduce((total, pause) => total + pause, 0);
  expect(sum).toBeLessThan(60_000);
  expect(sum).toBeGreaterThan(60_000 - 2500 - 1);
});
