/** The sidecar as the kubelet runs it, with looks every few milliseconds instead of every 30 seconds at least. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatPlan, type Plan } from '../../src/core/plan/plan.ts';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import type { PlanRefresh } from '../../src/core/plan/refresh.ts';
import type { RefreshStart } from '../../src/fetcher/refresh/messages.ts';
import { BUILT_EXECUTABLE } from './bundle.ts';
import type { Stage, Variables } from './stage.ts';

export const REFRESH: PlanRefresh = { seconds: 30, check: 'describe' };

export interface Sidecar {
  readonly child: ChildProcess;
  /** The lines of its log so far. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly output: () => string;
  /** Waits for a line with these fields. */
  line(fields: Readonly<Record<string, unknown>>, after?: number): Promise<Readonly<Record<string, unknown>>>;
  /** Runs a probe. @returns its exit code */
  probe(state: string): Promise<number | null>;
  /** Ends it. @returns the exit code and the signal */
  end(signal?: NodeJS.Signals): Promise<readonly [number | null, NodeJS.Signals | null]>;
}

/** @param start what the first run would pass on, besides what follows from the plan */
export function startSidecar(
  stage: Stage,
  plan: Plan,
  start: Partial<RefreshStart>,
  variables: Variables = {},
): Sidecar {
  const whole: RefreshStart = {
    seconds: 0.1,
    lookSeconds: 5,
    statusFile: path.join(stage.volume(plan.views[0]?.volume), '..refresh'),
    root: stage.root,
    arns: plan.secrets.map(({ arn }) => arn),
    versions: plan.secrets.map(() => null),
    isRestart: false,
    port: 0,
    ...start,
  };
  return watch(
    stage,
    plan,
    spawnProgram(['refresh', JSON.stringify(whole)], stage.environment(plan, variables)),
    variables,
  );
}

/** Starts the first run, which continues as the sidecar. */
export function startFetch(stage: Stage, plan: Plan, variables: Variables = {}): Sidecar {
  const child = spawnProgram(['fetch', '--root', stage.root], stage.environment(plan, variables));
  return watch(stage, plan, child, variables);
}

function spawnProgram(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(BUILT_EXECUTABLE, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

function watch(stage: Stage, plan: Plan, child: ChildProcess, variables: Variables): Sidecar {
  let output = '';
  const lines: Record<string, unknown>[] = [];
  let rest = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    rest += chunk.toString();
    const whole = rest.split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole)
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  return {
    child,
    lines,
    output: () => output,
    line: async (fields, after = 0) => {
      const isWanted = (line: Readonly<Record<string, unknown>>) =>
        Object.entries(fields).every(([name, value]) => line[name] === value);
      for (;;) {
        const found = lines.slice(after).find(isWanted);
        if (found !== undefined) return found;
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it has ended: ${output}`);
        await delay(5);
      }
    },
    probe: async (state) => {
      const env = { SECRETS_INJECTOR_PLAN: formatPlan(plan), ...variables };
      const probe = spawn(BUILT_EXECUTABLE, ['refresh-status', state, '--root', stage.root], {
        env,
        stdio: 'inherit',
      });
      const [code] = (await once(probe, 'exit')) as [number | null];
      return code;
    },
    end: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, 'close');
      }
      return [child.exitCode, child.signalCode];
    },
  };
}

/** A plan as the fetcher reads it. */
export function readOf(plan: Plan) {
  const read = readPlan(formatPlan(plan));
  if (!read.ok) throw new TypeError(read.problem.wrong);
  return read.value;
}
