/** Everything that one run of the fetcher needs, with the AWS stand-in in this process. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatPlan, PLAN_VARIABLE, type Plan } from '../../src/core/plan/plan.ts';
import { type StandIn, startDelayProxy, startStandIn } from './index.ts';

export const ROLE = 'arn:aws:iam::111122223333:role/bench';

export interface FetchStage {
  readonly standIn: StandIn;
  readonly root: string;
  /** The whole environment of a run for a plan. @param port where AWS answers: the stand-in's or a proxy's */
  environment(plan: Plan, port: number): Readonly<Record<string, string>>;
  /** Empties the volume, so that the next run writes everything. */
  clear(): void;
  stop(): Promise<void>;
}

export async function makeFetchStage(): Promise<FetchStage> {
  const standIn = await startStandIn();
  // In memory where that is possible, as a pod's volume is: syncing files to a disk would be most of the time.
  const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const root = mkdtempSync(path.join(folder, 'aws-secrets-injector-bench-'));
  const clear = () => {
    rmSync(path.join(root, 'secrets'), { recursive: true, force: true });
    mkdirSync(path.join(root, 'secrets/aws-secrets'), { recursive: true });
  };
  clear();
  const token = await standIn.issueToken({ namespace: 'shop', serviceAccount: 'web' });
  writeFileSync(path.join(root, 'token'), token);
  return {
    standIn,
    root,
    clear,
    environment: (plan, port) => ({
      AWS_ROLE_ARN: ROLE,
      AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`,
      SECRETS_INJECTOR_CA_BUNDLE: standIn.caPem,
      [PLAN_VARIABLE]: formatPlan(plan),
    }),
    stop: async () => {
      await standIn.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A plan that asks for variables and files, half of each, from some new secrets, spread over the Regions. */
export function planFor(
  standIn: StandIn,
  secrets: number,
  regions: readonly string[],
  references = secrets,
): Plan {
  const arns = Array.from(
    { length: secrets },
    (_, index) =>
      `arn:aws:secretsmanager:${regions[index % regions.length]}:111122223333:secret:bench/s${index}-AbCdEf`,
  );
  standIn.putRole({
    arn: ROLE,
    subjects: ['system:serviceaccount:shop:web'],
    allow: ['arn:aws:secretsmanager:*'],
  });
  for (const arn of arns)
    standIn.putSecret({ arn, value: JSON.stringify({ username: 'user', password: arn }) });
  return {
    version: 1,
    timeoutSeconds: 60,
    secrets: arns.map((arn) => ({ arn })),
    views: [
      {
        volume: 'aws-secrets',
        receivers: { native: [], shell: ['app'], file: [] },
        fileMode: '0444',
        format: 'shell',
        env: Array.from({ length: Math.ceil(references / 2) }, (_, index) => ({
          name: `S${index}`,
          secret: index % secrets,
          key: 'password',
        })),
        envFrom: [],
        files: Array.from({ length: Math.floor(references / 2) }, (_, index) => ({
          path: `f${index}`,
          secret: (index + Math.ceil(references / 2)) % secrets,
          key: 'username',
        })),
        filesFrom: [],
        declared: [],
      },
    ],
  };
}

export { startDelayProxy };

/** Runs a program and measures it from spawn to exit. @returns wall time in milliseconds */
export function timeRun(command: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('error', reject);
    child.on('exit', (code) => {
      const wall = performance.now() - started;
      if (code === 0) resolve(wall);
      else reject(new Error(`${program} ended with ${code}: ${Buffer.concat(said).toString()}`));
    });
  });
}
