/** Signs in to AWS as the controller, and asks Secrets Manager which versions are current. Values are never read. */
import { endpointOf } from '../../aws/calls/endpoints.ts';
import { AwsFailure, describeFailure, NetworkFailure, rowOf } from '../../aws/calls/errors.ts';
import { mismatchProblem } from '../../aws/calls/read-secret.ts';
import { requestAws } from '../../aws/calls/request.ts';
import { RetryLog } from '../../aws/calls/retry-log.ts';
import type {
  AwsErrorFacts,
  Credentials,
  DescribedSecret,
  SecretReader,
} from '../../aws/calls/secret-reader.ts';
import { openSecretReader, signRequest } from '../../aws/calls/secrets-manager.ts';
import { ConnectionPool } from '../../aws/connections/connection-pool.ts';
import { type ProxyOf, readProxy } from '../../aws/connections/proxy.ts';
import { trustAuthorities } from '../../aws/connections/trust.ts';
import { openCredentialSource } from '../../aws/credentials/choose.ts';
import type { CredentialSource } from '../../aws/credentials/source.ts';
import { type AwsEnvironment, readAwsEnvironment, type Variables } from '../../aws/environment.ts';
import { parseArn } from '../../core/names/arn.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { Described } from '../effects.ts';

/** A session is replaced well before it ends, also if its lifetime is not known: AWS has none that are shorter than 15 minutes. */
const LONGEST_SESSION = 10 * 60_000;
const SIGN_IN_MILLISECONDS = 30_000;
const REQUEST_MILLISECONDS = 15_000;

export class AwsAccess {
  readonly environment: AwsEnvironment;
  readonly proxyOf: ProxyOf;
  readonly #source: CredentialSource;
  readonly #stop: AbortSignal;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #readers = new Map<string, SecretReader>();
  #session: { readonly credentials: Promise<Credentials>; readonly until: number } | undefined;

  private constructor(
    environment: AwsEnvironment,
    proxyOf: ProxyOf,
    source: CredentialSource,
    stop: AbortSignal,
  ) {
    this.environment = environment;
    this.proxyOf = proxyOf;
    this.#source = source;
    this.#stop = stop;
  }

  /**
   * Chooses how to sign in. No request is sent.
   * @param region of STS, where the environment sets none
   * @param write writes a line about what is retried
   */
  static open(
    variables: Variables,
    region: string,
    { stop, write }: { readonly stop: AbortSignal; readonly write: (line: string) => void },
  ): Result<AwsAccess, FetchProblem> {
    const environment = readAwsEnvironment(variables, (file) => file);
    const proxyOf = readProxy(environment.proxy);
    if (!proxyOf.ok) return proxyOf;
    const untrusted = environment.caBundle === undefined ? undefined : trustAuthorities(environment.caBundle);
    if (untrusted !== undefined) return failed(untrusted);
    const parts = { log: new RetryLog(write), proxyOf: proxyOf.value, loadSigner: () => signRequest };
    const source = openCredentialSource(environment, region, parts);
    return source.ok ? ok(new AwsAccess(environment, proxyOf.value, source.value, stop)) : source;
  }

  /** Credentials that are valid for some minutes. @throws the failure of a sign-in */
  async credentials(): Promise<Credentials> {
    if (this.#session === undefined || this.#session.until <= performance.now()) {
      this.forget();
      const signal = AbortSignal.any([this.#stop, AbortSignal.timeout(SIGN_IN_MILLISECONDS)]);
      const credentials = this.#source.signIn({ at: performance.now() + SIGN_IN_MILLISECONDS, signal });
      this.#session = { credentials, until: performance.now() + LONGEST_SESSION };
    }
    const session = this.#session;
    try {
      const credentials = await session.credentials;
      const lifetime = Math.min(LONGEST_SESSION, (credentials.lifetime ?? LONGEST_SESSION) / 2);
      if (this.#session === session)
        this.#session = { ...session, until: Math.min(session.until, performance.now() + lifetime) };
      return credentials;
    } catch (error) {
      if (this.#session === session) this.#session = undefined;
      throw error;
    }
  }

  /** Signs in again before the next request. */
  forget(): void {
    this.#session = undefined;
    this.#readers.clear();
  }

  /** What is wrong, for the log: without text of AWS. */
  explain(failure: unknown): string {
    if (failure instanceof AwsFailure || failure instanceof NetworkFailure) return describeFailure(failure);
    const { code, wrong } = this.#source.explain(failure);
    return `${code}: ${wrong}`;
  }

  /** Asks for the versions of a secret. Never rejects. */
  async describe(arn: string): Promise<Described> {
    const asked = parseArn(arn, 'arn');
    if (!asked.ok) return { kind: 'failed', code: 'ArnInvalid', isGone: true };
    for (let isFirst = true; ; isFirst = false) {
      const answer = await this.#try(arn, asked.value.region);
      if (!(answer instanceof Error)) {
        if (mismatchProblem(answer, asked.value, 'arn') !== undefined)
          return { kind: 'failed', code: 'SecretMismatch', isGone: true };
        return answer.isDeleted
          ? { kind: 'failed', code: 'ScheduledForDeletion', isGone: true }
          : { kind: 'found', stages: answer.versions };
      }
      const row = rowOf(answer);
      if (isFirst && row.signsInAgain === true) this.forget();
      else {
        const code = answer instanceof AwsFailure ? answer.code : 'NoAnswer';
        return { kind: 'failed', code, isGone: row.isAbsence === true };
      }
    }
  }

  async #try(arn: string, region: string): Promise<DescribedSecret | Error> {
    try {
      const reader = await this.#reader(region);
      const signal = AbortSignal.any([this.#stop, AbortSignal.timeout(REQUEST_MILLISECONDS)]);
      const answer = await reader.describe(arn, signal);
      return 'name' in answer ? failureOf(answer) : answer;
    } catch (error) {
      return error instanceof Error ? error : new NetworkFailure('UNREADABLE');
    }
  }

  async #reader(region: string): Promise<SecretReader> {
    const credentials = await this.credentials();
    const known = this.#readers.get(region);
    if (known !== undefined) return known;
    const endpoint = endpointOf('secretsmanager', region, this.environment.endpoints);
    if (!endpoint.ok) throw new NetworkFailure('UNREADABLE');
    const target = {
      service: 'secretsmanager',
      endpoint: endpoint.value,
      pool: this.poolFor(endpoint.value),
    } as const;
    const reader = openSecretReader({
      region,
      endpoint: endpoint.value,
      credentials,
      send: (request, signal) => requestAws(target, request, signal),
    });
    this.#readers.set(region, reader);
    return reader;
  }

  /** Connections to an endpoint, through the proxy if there is one. */
  poolFor(endpoint: URL): ConnectionPool {
    const known = this.#pools.get(endpoint.origin);
    if (known !== undefined) return known;
    const pool = new ConnectionPool(endpoint, 0, this.proxyOf(endpoint));
    this.#pools.set(endpoint.origin, pool);
    return pool;
  }

  close(): void {
    this.forget();
    this.#source.close();
    for (const pool of this.#pools.values()) pool.close();
  }
}

function failureOf({ name, status, detail, denial }: AwsErrorFacts): AwsFailure | NetworkFailure {
  return status < 400 ? new NetworkFailure('UNREADABLE') : new AwsFailure(name, status, detail, denial);
}
