/**
 * One run: plan, sign-in, fetch, render everything in memory, write everything, swap. Nothing becomes visible unless
 * everything succeeded.
 */

import { type Deadline, systemClock } from '../aws/calls/retry.ts';
import type { RetryLog } from '../aws/calls/retry-log.ts';
import type { Session } from '../aws/calls/session.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { ReadPlan } from '../core/plan/read-plan.ts';
import type { DeliveredVersion } from '../core/plan/versions.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import { failed, type Result } from '../core/problems/result.ts';
import { renderViews } from '../core/render/render.ts';
import type { Engines } from '../core/render/values.ts';
import type { Retries } from './each-secret.ts';
import { fetchSecrets } from './fetch-secrets.ts';
import { loadEngines } from './process/engines.ts';
import type { LoadBundle } from './process/load-bundle.ts';
import { terminated } from './process/report.ts';
import type { RunLog } from './process/run-log.ts';
import type { Start } from './start.ts';
import { type SessionContext, withSession } from './with-session.ts';
import { deliveredVersions, writeRendered } from './write-rendered.ts';

export interface RunContext extends Pick<Start, 'environment' | 'plan'> {
  /** Aborted when the process has to end. */
  readonly stop: AbortSignal;
  readonly load: LoadBundle;
  readonly log: RetryLog;
  readonly runLog: RunLog;
}

/** What a successful run did. */
export interface Finished {
  readonly plan: Plan;
  /** Whether files were written; otherwise they were current already. */
  readonly written: boolean;
  readonly files: number;
  readonly warnings: readonly string[];
  /** In the order of the plan's secrets. */
  readonly versions: readonly (DeliveredVersion | undefined)[];
}

type Outcome = Result<Finished, readonly FetchProblem[]>;

/** Runs once. */
export async function runOnce({ environment, plan, stop, load, log, runLog }: RunContext): Promise<Outcome> {
  if (!plan.ok) return failed([plan.problem]);
  const read = plan.value;
  const context: SessionContext = {
    ...{ environment, load, log },
    reads: true,
    startDeadline: () => startDeadline(read.plan.timeoutSeconds, stop),
    onSignIn: () => runLog.begin('signIn'),
    onSignedIn: () => runLog.signedIn(),
  };
  return withSession(read, context, async (session, deadline) => {
    runLog.begin('fetch');
    const retries = { deadline, clock: systemClock, log };
    return finish(read, session, retries, { environment, stop, runLog, engines: loadEngines(load) });
  });
}

async function finish(
  read: ReadPlan,
  session: Session,
  retries: Retries,
  {
    environment,
    stop,
    runLog,
    engines,
  }: Pick<RunContext, 'environment' | 'stop' | 'runLog'> & {
    readonly engines: Engines;
  },
): Promise<Outcome> {
  const { plan } = read;
  const fetched = await fetchSecrets(read, session, retries);
  runLog.reads = fetched.reads;
  if (fetched.problems.length > 0) return failed(fetched.problems);
  runLog.begin('render');
  const rendered = renderViews(plan, fetched.values, engines);
  if (!rendered.ok) return rendered;
  if (stop.aborted) return failed([terminated(retries.log.current)]);
  runLog.begin('write');
  const written = writeRendered(plan, rendered.value, fetched, environment.viewsDirectory);
  if (!written.ok) return written;
  return { ok: true, value: { plan, ...written.value, versions: deliveredVersions(fetched) } };
}

function startDeadline(seconds: number, stop: AbortSignal): Deadline {
  // Takes less time than AbortSignal.any and AbortSignal.timeout.
  const ended = new AbortController();
  const end = (): void => ended.abort();
  setTimeout(end, seconds * 1000).unref();
  stop.addEventListener('abort', end);
  if (stop.aborted) end();
  return { at: systemClock.now() + seconds * 1000, signal: ended.signal };
}
