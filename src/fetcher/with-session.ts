/**
 * Signs in and connects to Secrets Manager. The waits overlap: the sign-in request is sent before the AWS SDK is loaded, and
 * connections to Secrets Manager open while it is answered.
 */

import type { Deadline } from '../aws/calls/retry.ts';
import type { RetryLog } from '../aws/calls/retry-log.ts';
import type { Credentials, OpenSecretReader, SignRequest } from '../aws/calls/secret-reader.ts';
import { Regions, Session } from '../aws/calls/session.ts';
import { readProxy } from '../aws/connections/proxy.ts';
import { trustAuthorities } from '../aws/connections/trust.ts';
import { openCredentialSource } from '../aws/credentials/choose.ts';
import type { ReadPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import { failed, ok, type Result } from '../core/problems/result.ts';
import type { Environment } from './process/environment.ts';
import type { LoadBundle } from './process/load-bundle.ts';

export interface SessionContext {
  readonly environment: Environment;
  readonly load: LoadBundle;
  readonly log: RetryLog;
  /** Starts the deadline, as soon as it is certain that calls will be made. */
  startDeadline(): Deadline;
  /** How long sessions of roles last; by default as short as possible. */
  readonly sessionSeconds?: number;
  /** Credentials of an earlier session, to use instead of a sign-in. */
  readonly known?: Credentials | undefined;
  /** Called before the sign-in. */
  readonly onSignIn?: () => void;
  /** Called when the sign-in has ended, @param credentials undefined if it failed */
  readonly onSignedIn?: (credentials: Credentials | undefined) => void;
}

type Outcome<T> = Result<T, readonly FetchProblem[]>;

/** Runs `use` with a session. Its connections are not closed: the process ends afterwards, which is faster. */
export async function withSession<T>(
  { plan, arns }: ReadPlan,
  context: SessionContext,
  use: (session: Session, deadline: Deadline) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const { environment, load, log, known, sessionSeconds, onSignedIn } = context;
  const proxyOf = readProxy(environment.proxy);
  if (!proxyOf.ok) return failed([proxyOf.problem]);
  const loadSdk = () => load('secrets-manager');
  const opened = openCredentialSource(environment, arns[0]?.region ?? '', {
    log,
    proxyOf: proxyOf.value,
    loadSigner: () => loadSdk()['signRequest'] as SignRequest,
    ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
  });
  if (!opened.ok) return failed([opened.problem]);
  const source = opened.value;
  const deadline = context.startDeadline();
  const regions = new Regions(
    arns.map((arn) => arn.region),
    environment.endpoints,
    proxyOf.value,
    plan.secrets.flatMap((secret) => secret.failover ?? []),
  );
  const signIn = async (): Promise<Credentials> => {
    let credentials: Credentials | undefined;
    try {
      credentials = await source.signIn(deadline);
      return credentials;
    } finally {
      onSignedIn?.(credentials);
    }
  };
  if (!regions.findings.isClean) return failed(regions.findings.problems);
  const untrusted = environment.caBundle === undefined ? undefined : trustAuthorities(environment.caBundle);
  if (untrusted !== undefined) return failed([untrusted]);
  // Connections start with the next turn of the event loop, before it is busy with certificates and compiling.
  await nextTurn();
  context.onSignIn?.();
  // Sent first: everything below happens while the request is answered.
  const credentials = (known === undefined ? signIn() : Promise.resolve(known)).then(
    (value) => ok(value),
    (failure: unknown) => failed(source.explain(failure)),
  );
  regions.secure();
  await nextTurn();
  const open = loadSdk()['openSecretReader'] as OpenSecretReader;
  const signedIn = await credentials;
  if (!signedIn.ok) return failed([signedIn.problem]);
  return await use(new Session(regions, open, signedIn.value, { roleArn: source.roleArn, signIn }), deadline);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
