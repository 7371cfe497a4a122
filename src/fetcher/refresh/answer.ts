/** One look, or one attempt of actions that are due, from the request to the report. */
import { type Deadline, systemClock } from '../../aws/calls/retry.ts';
import { RetryLog } from '../../aws/calls/retry-log.ts';
import type { Credentials } from '../../aws/calls/secret-reader.ts';
import { type ReadPlan, readPlan } from '../../core/plan/read-plan.ts';
import type { PlanRefresh } from '../../core/plan/refresh.ts';
import { DueActions } from '../files/due-actions.ts';
import { monotonicNow } from '../files/status-file.ts';
import { loadEngines } from '../process/engines.ts';
import type { Environment } from '../process/environment.ts';
import type { LoadBundle } from '../process/load-bundle.ts';
import { sinceBoot } from '../process/process-start.ts';
import { withSession } from '../with-session.ts';
import { performDue } from './change-actions.ts';
import { endOf, look } from './look.ts';
import { lookMilliseconds } from './look-limits.ts';
import type { KeptCredentials, LookReport, LookRequest, Report } from './messages.ts';

/** Sessions of roles last as long as every role allows, so that STS is not asked for each look. */
const SESSION_SECONDS = 3600;

/** Does what is requested. @throws on a bug */
export async function answer(
  request: LookRequest,
  environment: Environment,
  load: LoadBundle,
): Promise<Report> {
  const plan = readPlan(environment.planText);
  if (!plan.ok || plan.value.plan.refresh === undefined)
    throw new TypeError('the first run has read the plan');
  const read = plan.value;
  const { viewsDirectory } = environment;
  const context = { environment, load };
  const looked =
    request.what === 'look' ? await lookOnce(read, plan.value.plan.refresh, request, context) : undefined;
  const swappedAt = looked?.look.outcome === 'wrote' ? sinceBoot() : undefined;
  const record = new DueActions(read.plan, viewsDirectory);
  const { actions, due } = await performDue(read.plan, viewsDirectory, record, swappedAt);
  return { ...looked, actions, due: due.actions.length };
}

async function lookOnce(
  read: ReadPlan,
  { check }: PlanRefresh,
  { versions, credentials: earlier }: LookRequest,
  { environment, load }: { readonly environment: Environment; readonly load: LoadBundle },
): Promise<{ readonly look: LookReport; readonly credentials: KeptCredentials | undefined }> {
  const milliseconds = lookMilliseconds(read.plan.timeoutSeconds);
  // The log of a run would be repeated in every look. Its process logs the problems of the report.
  const log = new RetryLog(() => undefined);
  let kept = earlier !== undefined && earlier.until > monotonicNow() + milliseconds ? earlier : undefined;
  const session = {
    ...{ environment, load, log, known: kept, sessionSeconds: SESSION_SECONDS },
    startDeadline: () => startDeadline(milliseconds),
    onSignedIn: (credentials: Credentials | undefined) => {
      kept = credentials?.lifetime === undefined ? undefined : keep(credentials, credentials.lifetime);
    },
  };
  const found = await withSession(read, session, async (opened, deadline) => ({
    ok: true,
    value: await look(read, {
      session: opened,
      retries: { deadline, clock: systemClock, log },
      engines: loadEngines(load),
      viewsDirectory: environment.viewsDirectory,
      check,
      delivered: versions,
    }),
  }));
  const report: LookReport = found.ok
    ? found.value
    : { outcome: 'failed', end: endOf(found.problem), problems: found.problem, versions, warnings: [] };
  // Whatever is wrong with the role, the next look signs in again.
  return { look: report, credentials: report.end === 'final' ? undefined : kept };
}

function keep(
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  lifetime: number,
): KeptCredentials {
  return { accessKeyId, secretAccessKey, sessionToken, until: monotonicNow() + lifetime };
}

function startDeadline(milliseconds: number): Deadline {
  return { at: systemClock.now() + milliseconds, signal: AbortSignal.timeout(milliseconds) };
}
