/** A stage with the AWS stand-in behind it. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type StandIn, type StandInOptions, startStandIn } from '../aws-fake/index.ts';
import { ROLE_ARN, Stage, SUBJECT } from './stage.ts';

export interface AwsStage {
  readonly standIn: StandIn;
  readonly stage: Stage;
  /** Forgets faults, requests and files between tests; puts the role and the token back. */
  reset(): Promise<void>;
  /** Writes a token of the present, if the stand-in has another time. */
  renewToken(): Promise<void>;
  stop(): Promise<void>;
}

/** A folder for volumes in memory, as those of pods are: syncing files to a disk takes most of the time of many writes. */
export function inMemory(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

/** @param folder where the volumes are */
export async function makeAwsStage(options: StandInOptions = {}, folder = tmpdir()): Promise<AwsStage> {
  const standIn = await startStandIn(options);
  const stage = new Stage(standIn.caPem, { AWS_ENDPOINT_URL: standIn.url }, folder);
  const renewToken = async () => stage.writeToken(await standIn.issueToken(SUBJECT));
  const reset = async () => {
    standIn.reset();
    stage.clear();
    standIn.putRole({
      arn: ROLE_ARN,
      subjects: [`system:serviceaccount:${SUBJECT.namespace}:${SUBJECT.serviceAccount}`],
      allow: ['arn:aws:secretsmanager:*'],
    });
    await renewToken();
  };
  await reset();
  return {
    standIn,
    stage,
    reset,
    renewToken,
    stop: async () => {
      await standIn.stop();
      stage.remove();
    },
  };
}
