/** The fetcher with a wrong clock: AWS rejects its signatures, and TLS its certificates. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../aws-fake/index.ts';
import { type FaultStage, makeFaultStage } from '../fetcher/fault-stage.ts';
import { onePlan } from '../fetcher/plans.ts';
import { type Finished, ROLE_ARN } from '../fetcher/stage.ts';
import { installDebianPackage } from '../setup/debian-package.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const hasFaketime =
  spawnSync('faketime', ['--version']).status === 0 || (await installDebianPackage('faketime'));

let clockOfAws = Date.now;
let stage: FaultStage;
beforeAll(async () => {
  // Valid for a clock that is some days behind.
  const tls = await makeCertificate([], new Date(Date.now() - 30 * DAY));
  stage = await makeFaultStage({ now: () => clockOfAws(), tls });
});
beforeEach(async () => {
  clockOfAws = Date.now;
  await stage.reset();
});
afterAll(() => stage.stop());

function corrected(): string {
  return `${stage.arn}: HTTP 400 InvalidSignatureException; retrying\n`;
}

describe('AWS has another time', () => {
  async function runWith(minutes: number): Promise<Finished> {
    clockOfAws = () => Date.now() + minutes * MINUTE;
    await stage.aws.renewToken();
    return stage.start(20).finished;
  }

  it.each([-65, -6, 6, 65])('by %i minutes: the second try is right', async (minutes) => {
    const finished = await runWith(minutes);
    stage.expectSuccess(finished);
    expect(finished.stderr).toBe(corrected());
    const operations = stage.aws.standIn.requests.map(({ operation }) => operation);
    expect(operations).toEqual(['AssumeRoleWithWebIdentity', 'GetSecretValue', 'GetSecretValue']);
  });

  it.each([-65, 65])('by %i minutes: the second try to assume a role is right', async (minutes) => {
    clockOfAws = () => Date.now() + minutes * MINUTE;
    await stage.aws.renewToken();
    const role = 'arn:aws:iam::111122223333:role/reader';
    const { standIn } = stage.aws;
    standIn.putRole({ arn: ROLE_ARN, subjects: ['*'], allow: [], mayAssume: [role] });
    standIn.putRole({ arn: role, subjects: [], trustedRoles: [ROLE_ARN], allow: [stage.arn] });
    const finished = await stage.aws.stage.run(onePlan(stage.arn), {
      SECRETS_INJECTOR_ASSUME_ROLE_ARN: role,
    });
    stage.expectSuccess(finished);
    expect(finished.stderr).toBe(`${role}: HTTP 403 SignatureDoesNotMatch; retrying\n${corrected()}`);
  });

  it.each([-4, 4])('by %i minutes, which it accepts', async (minutes) => {
    const finished = await runWith(minutes);
    stage.expectSuccess(finished);
    expect(finished.stderr).toBe('');
  });

  it('with each request: no correction is right for the next one', async () => {
    let requests = 0;
    clockOfAws = () => {
      requests += 1;
      return Date.now() + requests * HOUR;
    };
    await stage.aws.renewToken();
    const finished = await stage.start(30).finished;
    expect(finished.code).toBe(10);
    expect(finished.termination).toMatch(/^IDENTITY_REFUSED .*check the clock of the node/);
  });
});

describe('the process has another time', () => {
  beforeEach(({ skip }) => {
    if (!hasFaketime) skip('faketime is not installed');
  });

  /** Runs the bundle: the executable rejects the variable LD_PRELOAD of faketime. */
  function runAt(difference: string, seconds: number): Promise<Finished> {
    stage.aws.stage.launcher = ['faketime', '-f', difference];
    const variables = { FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    return stage.aws.stage.run(onePlan(stage.arn, seconds), variables, ['--no-warnings']);
  }

  it.each(['+7m', '-7m', '+3d', '-3d'])('by %s: the second try is right', async (difference) => {
    const finished = await runAt(difference, 20);
    stage.expectSuccess(finished);
    expect(finished.stderr).toBe(corrected());
  });

  it.each([
    ['-100d', 'CERT_NOT_YET_VALID'],
    ['+500d', 'CERT_HAS_EXPIRED'],
  ])('by %s: the certificate is not valid', async (difference, code) => {
    const finished = await runAt(difference, 1);
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(new RegExp(`^AWS_UNAVAILABLE .*last failure: TLS: ${code}`));
  });
});
