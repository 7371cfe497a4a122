/**
 * Signs in and connects to Secrets Manager. The waits overlap: the sign-in request is sent before the AWS SDK is loaded, and
 * connections to Secrets Manager open while it is answered.
 */

import { requestFor } from '../aws/calls/read-secret.ts';
import type { Deadline } from '../aws/calls/retry.ts';
import type { RetryLog } from '../aws/calls/retry-log.ts';
import type { Credentials, OpenSecretReader, PreparedReads, SecretsSdk } from '../aws/calls/secret-reader.ts';
import { Regions, Session } from '../aws/calls/session.ts';
import { readProxy } from '../aws/connections/proxy.ts';
import { trustAuthorities } from '../aws/connections/trust.ts';
import { openCredentialSource } from '../aws/credentials/choose.ts';
import type { ReadPlan } from '../core/plan/read-plan.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import { failed, ok, type Result } from '../core/problems/result.ts';
import type { Environment } from './process/environment.ts';
import type { LoadBundle } from './process/load-bundle.ts';
import { nextTurn } from './process/next-turn.ts';

export interface SessionContext {
  readonly environment: Environment;
  readonly load: LoadBundle;
  readonly log: RetryLog;
  /** Starts the deadline, as soon as it is certain that calls will be made. */
  startDeadline(): Deadline;
  /** Whether all secrets of the plan will be read. Their requests are made while STS answers. */
  readonly reads?: true;
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
  read: ReadPlan,
  context: SessionContext,
  use: (session: Session, deadline: Deadline) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const { plan, arns } = read;
  const { environment, load, log, known, reads, sessionSeconds, onSignedIn } = context;
  const proxyOf = readProxy(environment.proxy);
  if (!proxyOf.ok) return failed([proxyOf.problem]);
  const loadSdk = () => load('secrets-manager') as unknown as SecretsSdk;
  const opened = openCredentialSource(environment, arns[0]?.region ?? '', {
    log,
    proxyOf: proxyOf.value,
    loadSigner: () => loadSdk().signRequest,
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
  const { openPreparedReads, openSecretReader } = loadSdk();
  const prepared = openPreparedReads();
  if (reads === true) await prepareReads(read, regions, prepared, credentials);
  const signedIn = await credentials;
  if (!signedIn.ok) return failed([signedIn.problem]);
  const { roleArn } = source;
  const open: OpenSecretReader = (options) => openSecretReader({ ...options, prepared });
  return await use(new Session(regions, open, signedIn.value, { roleArn, signIn }), deadline);
}

/** Makes requests until the sign-in has ended. In turns of the event loop, so that this is noticed at once. */
async function prepareReads(
  { plan, arns }: ReadPlan,
  regions: Regions,
  prepared: PreparedReads,
  signIn: Promise<unknown>,
): Promise<void> {
  let hasEnded = false;
  signIn.then(() => {
    hasEnded = true;
  });
  for (const [index, secret] of plan.secrets.entries()) {
    const arn = arns[index];
    if (hasEnded || arn === undefined) return;
    await prepared.prepare(regions.target(arn.region).endpoint, requestFor(secret, arn));
    await nextTurn();
  }
}
