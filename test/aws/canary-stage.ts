/** A stage on which everything that must stay secret is known, and the search for it after a run. */
import path from 'node:path';
import { expect } from 'vitest';
import type { Plan } from '../../src/core/plan/plan.ts';
import { FETCH_CODES, type FetchCode } from '../../src/core/problems/fetch-codes.ts';
import type { Session } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { CANARY } from '../fetcher/canary.ts';
import { leaksIn, readableAfter } from '../fetcher/leaks.ts';
import { lineOf } from '../fetcher/run-line.ts';
import { type Finished, ROLE_ARN, type Running, SUBJECT, type Variables } from '../fetcher/stage.ts';

const PRELOADS = ['no-waiting.cjs', 'throw-values.cjs'].flatMap((name) => [
  '--require',
  path.resolve(import.meta.dirname, '../fetcher', name),
]);

export interface CanaryStage {
  readonly aws: AwsStage;
  /** What nobody may read after a run: the value, the token, the session. */
  readonly kept: { readonly token: string; readonly session: Session };
  /** Forgets faults and files, with a new token. */
  reset(): Promise<void>;
  /** Starts the fetcher, whose sign-in ends in the known session unless a fault was scripted before. */
  start(plan: Plan | string, variables?: Variables): Running;
  run(plan: Plan | string, variables?: Variables): Promise<Finished>;
  /**
   * Expects a run to have ended with problems, and to have told nothing besides what it retried.
   * @param count how many problems of this code are told
   */
  expectSilence(finished: Finished, code: FetchCode, count?: number): void;
  /** Where anything that must stay secret can be read, files of the volume included. */
  leaksAfter(finished: Finished): readonly string[];
}

export async function makeCanaryStage(): Promise<CanaryStage> {
  const aws = await makeAwsStage();
  const session = aws.standIn.startSession(ROLE_ARN);
  const kept = { token: '', session };
  const start = (plan: Plan | string, variables: Variables = {}): Running => {
    giveSession(aws, session);
    return aws.stage.start(plan, variables, PRELOADS);
  };
  const leaksAfter = (finished: Finished): readonly string[] => {
    const secrets = [CANARY, kept.token, session.secretAccessKey, session.sessionToken];
    return leaksIn(readableAfter(finished, aws.stage), secrets);
  };
  return {
    aws,
    kept,
    start,
    run: (plan, variables) => start(plan, variables).finished,
    reset: async () => {
      await aws.reset();
      kept.token = await aws.standIn.issueToken(SUBJECT);
      aws.stage.writeToken(kept.token);
    },
    leaksAfter,
    expectSilence: (finished, code, count = 1) => {
      const lines = finished.termination.split('\n').filter((line) => !line.startsWith('see docs/'));
      const codes = lines.map((line) => line.split(' ', 1)[0]);
      expect([finished.code, codes]).toEqual([FETCH_CODES[code].exit, Array<string>(count).fill(code)]);
      const line = lineOf(finished);
      expect([line.outcome, line.exitCode]).toEqual(['failed', finished.code]);
      expect(new Set(line.codes?.split(','))).toEqual(new Set(codes));
      expect(finished.stderr.endsWith(`${finished.termination}\n`)).toBe(true);
      const before = finished.stderr.slice(0, -finished.termination.length - 1);
      expect(before).toMatch(
        /^(?:(?:STS|Secrets Manager in [\w-]+|arn:[\w:/-]+): [^\n;]+; (?:retrying|using [\w-]+ instead)\n){0,12}$/,
      );
      expect(leaksAfter(finished)).toEqual([]);
    },
  };
}

/** Credentials that are known here: STS's own would be known to the fetcher alone. */
function giveSession(aws: AwsStage, session: Session): void {
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const fields = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken };
  const body = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
  aws.standIn.script('AssumeRoleWithWebIdentity', {
    kind: 'custom',
    status: 200,
    body: `<AssumeRoleWithWebIdentityResponse><Credentials>${body.join('')}</Credentials></AssumeRoleWithWebIdentityResponse>`,
    times: 'forever',
  });
}
