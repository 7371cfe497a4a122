/**
 * One run: plan, sign-in, fetch, render everything in memory, write everything, swap. Nothing becomes visible unless
 * everything succeeded. The waits overlap: the sign-in request is sent before the AWS SDK is loaded, and connections to
 * Secrets Manager open while it is answered.
 */

import { readProxy } from '../aws/calls/proxy.ts';
import { type Deadline, systemClock } from '../aws/calls/retry.ts';
import type { RetryLog } from '../aws/calls/retry-log.ts';
import type { OpenSecretReader, SignRequest } from '../aws/calls/secret-reader.ts';
import { Regions, Session } from '../aws/calls/session.ts';
import { trustAuthorities } from '../aws/calls/trust.ts';
import { openCredentialSource } from '../aws/credentials/choose.ts';
import { type ReadPlan, readPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import { failed, ok, type Result } from '../core/problems/result.ts';
import { type RenderedView, renderViews } from '../core/render/render.ts';
import type { Engines } from '../core/render/values.ts';
import { type Fetched, fetchSecrets, type Retries } from './fetch-secrets.ts';
import { certificateWarnings } from './files/certificate-expiry.ts';
import { withManifest } from './files/manifest-file.ts';
import { type ViewToWrite, writeViews } from './files/writer.ts';
import { loadEngines } from './process/engines.ts';
import type { Environment } from './process/environment.ts';
import type { LoadBundle } from './process/load-bundle.ts';
import { terminated, writeProblem } from './process/report.ts';
import type { RunLog } from './process/run-log.ts';

export interface RunContext {
  readonly environment: Environment;
  /** Aborted when the process has to end. */
  readonly stop: AbortSignal;
  readonly load: LoadBundle;
  readonly log: RetryLog;
  readonly runLog: RunLog;
}

/** What a successful run did. */
export interface Finished {
  /** Whether files were written; otherwise they were current already. */
  readonly written: boolean;
  readonly files: number;
  readonly secrets: number;
  readonly warnings: readonly string[];
}

type Outcome = Result<Finished, readonly FetchProblem[]>;

/** Runs once. */
export async function runOnce({ environment, stop, load, log, runLog }: RunContext): Promise<Outcome> {
  const plan = readPlan(environment.planText);
  if (!plan.ok) return failed([plan.problem]);
  const read = plan.value;
  const proxyOf = readProxy(environment.proxy);
  if (!proxyOf.ok) return failed([proxyOf.problem]);
  const loadSdk = () => load('secrets-manager');
  const parts = {
    log,
    proxyOf: proxyOf.value,
    loadSigner: () => loadSdk()['signRequest'] as SignRequest,
  };
  const opened = openCredentialSource(environment, read.arns[0]?.region ?? '', parts);
  if (!opened.ok) return failed([opened.problem]);
  const source = opened.value;

  const deadline = startDeadline(read.plan.timeoutSeconds, stop);
  const regions = new Regions(
    read.arns.map((arn) => arn.region),
    environment.endpoints,
    proxyOf.value,
    read.plan.secrets.flatMap((secret) => secret.failover ?? []),
  );
  try {
    if (!regions.findings.isClean) return failed(regions.findings.problems);
    const untrusted = environment.caBundle === undefined ? undefined : trustAuthorities(environment.caBundle);
    if (untrusted !== undefined) return failed([untrusted]);
    // Connections start with the next turn of the event loop, before it is busy with certificates and compiling.
    await nextTurn();
    runLog.begin('signIn');
    // Sent first: everything below happens while the request is answered.
    const credentials = source
      .signIn(deadline)
      .finally(() => runLog.signedIn())
      .then(
        (value) => ok(value),
        (failure: unknown) => failed(source.explain(failure)),
      );
    regions.secure();
    await nextTurn();
    const open = loadSdk()['openSecretReader'] as OpenSecretReader;
    const signedIn = await credentials;
    if (!signedIn.ok) return failed([signedIn.problem]);
    runLog.begin('fetch');
    const session = new Session(regions, open, signedIn.value, {
      roleArn: source.roleArn,
      signIn: () => source.signIn(deadline),
    });
    const fetched = await fetchAndRender(
      read,
      session,
      { deadline, clock: systemClock, log },
      { engines: loadEngines(load), runLog },
    );
    if (!fetched.ok) return fetched;
    if (stop.aborted) return failed([terminated(log.current)]);
    runLog.begin('write');
    return write(read, fetched.value, environment.viewsDirectory);
  } finally {
    source.close();
    regions.close();
  }
}

async function fetchAndRender(
  { plan, arns }: ReadPlan,
  session: Session,
  retries: Retries,
  { engines, runLog }: { readonly engines: Engines; readonly runLog: RunLog },
): Promise<Result<Rendered, readonly FetchProblem[]>> {
  const fetched = await fetchSecrets({ plan, arns }, session, retries);
  runLog.reads = fetched.reads;
  if (fetched.problems.length > 0) return failed(fetched.problems);
  runLog.begin('render');
  const rendered = renderViews(plan, fetched.values, engines);
  return rendered.ok ? ok({ rendered: rendered.value, fetched }) : rendered;
}

/** What is ready to be written. */
interface Rendered {
  readonly rendered: readonly RenderedView[];
  readonly fetched: Fetched;
}

function write({ plan }: ReadPlan, { rendered, fetched }: Rendered, viewsDirectory: string): Outcome {
  const views: ViewToWrite[] = rendered.map((view) => ({ folder: `${viewsDirectory}/${view.volume}`, view }));
  try {
    const whole = views.map((view) => withManifest(view, plan, fetched.sources, new Date()));
    return ok({
      written: writeViews(whole),
      files: whole.reduce((sum, { view }) => sum + view.files.length, 0),
      secrets: plan.secrets.length,
      warnings: [...fetched.warnings, ...rendered.flatMap(warningsOf)],
    });
  } catch (error) {
    return failed([writeProblem(error, views.map((view) => view.folder).join(', '))]);
  }
}

/** Certificates of a view that expire soon. */
function warningsOf({ files }: RenderedView): readonly string[] {
  return files.flatMap(({ content, certificatesOf: asked }) =>
    asked === undefined
      ? []
      : certificateWarnings(content.revealText() ?? '', asked.subject, asked.arn, Date.now()),
  );
}

function startDeadline(seconds: number, stop: AbortSignal): Deadline {
  return {
    at: systemClock.now() + seconds * 1000,
    signal: AbortSignal.any([stop, AbortSignal.timeout(seconds * 1000)]),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
