/**
 * The fetcher: plan → credentials → fetch → render everything in memory → write everything → swap. Nothing becomes
 * visible unless everything succeeded. The waits overlap: STS is asked before the AWS SDK is loaded, and
 * connections to Secrets Manager open while STS answers.
 */

import { type ReadPlan, readPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import { type RenderedView, renderViews } from '../core/render/render.ts';
import type { Engines } from '../core/render/values.ts';
import { endpointOf } from './aws/endpoints.ts';
import { classify } from './aws/errors.ts';
import { PreopenedAgent } from './aws/preopened-agent.ts';
import { signInProblem } from './aws/problems.ts';
import { type Deadline, systemClock, withRetries } from './aws/retry.ts';
import type { Credentials, OpenSecretReader } from './aws/secret-reader.ts';
import { Regions, Session } from './aws/session.ts';
import { assumeRoleWithWebIdentity } from './credentials/sts.ts';
import { readWebIdentity, type WebIdentity } from './credentials/web-identity.ts';
import { fetchSecrets } from './fetch-secrets.ts';
import { certificateWarnings } from './files/certificate-expiry.ts';
import { type ViewToWrite, writeViews } from './files/writer.ts';
import { loadEngines } from './process/engines.ts';
import { type Environment, readEnvironment, readRoot } from './process/environment.ts';
import { loadBundle } from './process/load-bundle.ts';
import { exitCodeFor, reportProblems, reportWarnings, writeProblem } from './process/report.ts';

/**
 * Runs the fetcher once.
 * @param directory where the SDK's bundle lies
 * @returns the exit code
 */
export async function runFetch(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
  directory: string,
): Promise<number> {
  const root = readRoot(argv);
  if (root === undefined) {
    process.stderr.write('usage: aws-secrets-injector fetch [--root DIRECTORY]\n');
    return 2;
  }
  const environment = readEnvironment(variables, root);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const problems = await fetchOnce(environment, stop.signal, directory).catch(() => [INTERNAL]);
  const told = stop.signal.aborted && problems.length > 0 ? [TERMINATED] : problems;
  if (told.length === 0) return 0;
  reportProblems(told, environment.terminationLog);
  return exitCodeFor(told);
}

/** Tells of an error that nobody caught, without its message. @returns the exit code */
export function endInternally(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): number {
  const { terminationLog } = readEnvironment(variables, readRoot(argv) ?? '/');
  reportProblems([INTERNAL], terminationLog);
  return exitCodeFor([INTERNAL]);
}

const INTERNAL: FetchProblem = {
  code: 'FETCH_INTERNAL',
  subject: 'aws-secrets-fetch',
  wrong: 'the fetcher failed by its own fault; nothing was written',
  expected: 'report it with the version of the image',
};

const TERMINATED: FetchProblem = {
  code: 'FETCH_TERMINATED',
  subject: 'aws-secrets-fetch',
  wrong: 'the container was told to end before the secrets were in place; nothing was changed',
  expected: 'nothing: the next start of the pod begins again',
};

/** @returns problems; none if every file is in place */
async function fetchOnce(
  environment: Environment,
  stop: AbortSignal,
  directory: string,
): Promise<readonly FetchProblem[]> {
  const planned = readPlan(environment.planText);
  if (!planned.ok) return [planned.problem];
  const read = planned.value;
  const identity = readWebIdentity(environment);
  if ('code' in identity) return [identity];
  const region = environment.region ?? read.arns[0]?.region ?? '';
  const stsEndpoint = endpointOf('sts', region, environment.endpoints);
  if ('code' in stsEndpoint) return [stsEndpoint];

  const deadline = startDeadline(read.plan.timeoutSeconds, stop);
  const stsAgent = new PreopenedAgent(stsEndpoint, 1);
  const regions = new Regions(
    read.arns.map((arn) => arn.region),
    environment.endpoints,
  );
  try {
    if (regions.problems.length > 0) return regions.problems;
    // Connections go out with the next turn of the event loop, before it is busy with certificates and compiling.
    await nextTurn();
    const signIn = signInWith(environment, identity, stsEndpoint, stsAgent);
    // Sent first of all: everything below happens while STS answers.
    const credentials = signIn(deadline).then(
      (given) => ({ given }),
      (error: unknown) => ({ problem: signInProblem(error, identity.roleArn) }),
    );
    regions.secure();
    await nextTurn();
    const open = loadBundle(directory, 'secrets-manager').exports['openSecretReader'] as OpenSecretReader;
    const signedIn = await credentials;
    if ('problem' in signedIn) return [signedIn.problem];
    const session = new Session(regions, open, signedIn.given, signIn);
    return await fetchAndWrite(read, session, deadline, stop, environment, loadEngines(directory));
  } finally {
    stsAgent.destroy();
    regions.close();
  }
}

async function fetchAndWrite(
  { plan, arns }: ReadPlan,
  session: Session,
  deadline: Deadline,
  stop: AbortSignal,
  environment: Environment,
  engines: Engines,
): Promise<readonly FetchProblem[]> {
  const { values, problems } = await fetchSecrets(plan, arns, session, deadline, systemClock);
  if (problems.length > 0) return problems;
  const outcome = renderViews(plan, values, engines);
  if (!outcome.ok) return outcome.problem;
  const rendered = outcome.value;
  if (stop.aborted) return [TERMINATED];
  const views: ViewToWrite[] = rendered.map((view) => ({
    folder: `${environment.viewsDirectory}/${view.volume}`,
    view,
  }));
  let written: boolean;
  try {
    written = writeViews(views);
  } catch (error) {
    return [writeProblem(error, views.map((view) => view.folder).join(', '))];
  }
  const files = rendered.reduce((sum, view) => sum + view.files.length, 0);
  const milliseconds = Math.round(performance.now());
  process.stdout.write(
    `${written ? 'wrote' : 'kept'} ${files} files from ${plan.secrets.length} secrets in ${milliseconds} ms\n`,
  );
  warn(rendered, environment.terminationLog);
  return [];
}

/** Says what will soon go wrong, where people look when it has. */
function warn(views: readonly RenderedView[], terminationLog: string): void {
  const warnings = views.flatMap(({ files }) =>
    files.flatMap(({ content, certificatesOf: asked }) =>
      asked === undefined
        ? []
        : certificateWarnings(content.revealText() ?? '', asked.subject, asked.arn, Date.now()),
    ),
  );
  if (warnings.length > 0) reportWarnings(warnings, terminationLog);
}

function signInWith(
  environment: Environment,
  identity: WebIdentity,
  endpoint: URL,
  agent: PreopenedAgent,
): (deadline: Deadline) => Promise<Credentials> {
  const { sessionName } = environment;
  return (deadline) =>
    withRetries(
      () =>
        assumeRoleWithWebIdentity(
          { endpoint, sessionName, ...identity },
          agentFor(endpoint, agent),
          deadline.signal,
        ),
      classify,
      deadline,
      systemClock,
    );
}

function startDeadline(seconds: number, stop: AbortSignal): Deadline {
  return {
    at: systemClock.now() + seconds * 1000,
    signal: AbortSignal.any([stop, AbortSignal.timeout(seconds * 1000)]),
  };
}

/** An agent for TLS cannot carry plain http, which loopback endpoints may use. */
function agentFor(endpoint: URL, agent: PreopenedAgent): PreopenedAgent | undefined {
  return endpoint.protocol === 'https:' ? agent : undefined;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
