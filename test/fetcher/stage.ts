/** A container's surroundings in a temporary folder, and what ships run in it as the kubelet would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatPlan, PLAN_VARIABLE, type Plan } from '../../src/core/plan/plan.ts';
import { BUILT_ENTRY, BUILT_EXECUTABLE } from './bundle.ts';

export const ROLE_ARN = 'arn:aws:iam::111122223333:role/shop';
export const SUBJECT = { namespace: 'shop', serviceAccount: 'web' };
export const TOKEN_FILE = '/var/run/token';

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The termination message without the record of versions. */
  readonly termination: string;
  /** The line of the termination message that records versions; empty without one. */
  readonly versions: string;
}

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

export class Stage {
  readonly root: string;
  /** What starts the program: a command, which gets the program and its arguments. */
  launcher: readonly string[] = [];
  readonly #variables: Variables;

  /** @param variables what every run gets besides the plan; a run can change each or leave it out @param folder of the root */
  constructor(caPem: string, variables: Variables, folder = tmpdir()) {
    this.root = mkdtempSync(path.join(folder, 'aws-secrets-injector-root-'));
    mkdirSync(this.inRoot('/dev'));
    mkdirSync(path.dirname(this.inRoot(TOKEN_FILE)), { recursive: true });
    this.#variables = {
      AWS_ROLE_ARN: ROLE_ARN,
      AWS_WEB_IDENTITY_TOKEN_FILE: TOKEN_FILE,
      AWS_REGION: 'eu-west-1',
      SECRETS_INJECTOR_CA_BUNDLE: caPem,
      ...variables,
    };
  }

  inRoot(file: string): string {
    return path.join(this.root, file);
  }

  writeToken(token: string): void {
    writeFileSync(this.inRoot(TOKEN_FILE), token);
  }

  volume(name = 'aws-secrets'): string {
    return this.inRoot(`/secrets/${name}`);
  }

  /** Empties the volumes. */
  clear(): void {
    rmSync(this.inRoot('/secrets'), { recursive: true, force: true });
  }

  /** What a volume holds beneath it, hidden things included. */
  listing(name = 'aws-secrets'): readonly string[] {
    return readdirSync(this.volume(name)).toSorted();
  }

  read(file: string, volume = 'aws-secrets'): Buffer {
    return readFileSync(path.join(this.volume(volume), file));
  }

  /**
   * Starts the executable, or with flags of Node.js, such as --require, its bundle.
   * @param entry of another build, for a run with flags
   */
  start(
    plan: Plan | string,
    variables: Variables = {},
    nodeFlags: readonly string[] = [],
    entry = BUILT_ENTRY,
  ): Running {
    const command =
      nodeFlags.length === 0
        ? [BUILT_EXECUTABLE, 'fetch', '--root', this.root]
        : [process.execPath, ...nodeFlags, entry, '--root', this.root];
    const [program = '', ...args] = [...this.launcher, ...command];
    const child = spawn(program, args, {
      env: this.environment(plan, variables),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, finished: this.#finish(child) };
  }

  /** The environment of a run; makes its volumes and its termination log. Nothing is inherited, as in a container. */
  environment(plan: Plan | string, variables: Variables = {}): NodeJS.ProcessEnv {
    const text = typeof plan === 'string' ? plan : formatPlan(plan);
    if (typeof plan !== 'string')
      for (const view of plan.views) mkdirSync(this.volume(view.volume), { recursive: true });
    writeFileSync(this.inRoot('/dev/termination-log'), '');
    const merged = { ...this.#variables, [PLAN_VARIABLE]: text, ...variables };
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  }

  run(...given: Parameters<Stage['start']>): Promise<Finished> {
    return this.start(...given).finished;
  }

  #finish(child: ChildProcess): Promise<Finished> {
    return new Promise((resolve, reject) => {
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const message = readFileSync(this.inRoot('/dev/termination-log'), 'utf8');
        const [, versions = '', termination = ''] = /^(versions v1.*\n?)?([\s\S]*)$/.exec(message) ?? [];
        resolve({
          ...{ code, signal, termination, versions },
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
      });
    });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
