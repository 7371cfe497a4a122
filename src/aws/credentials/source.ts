/** Where credentials come from. A source is chosen in `choose.ts`; everything else knows only this interface. */
import type { FetchProblem } from '../../core/problems/problems.ts';
import type { Deadline } from '../calls/retry.ts';
import type { RetryLog } from '../calls/retry-log.ts';
import type { Credentials, SignRequest } from '../calls/secret-reader.ts';
import type { ProxyOf } from '../connections/proxy.ts';

/** What a source needs besides the environment. */
export interface SourceParts {
  readonly log: RetryLog;
  readonly proxyOf: ProxyOf;
  /** Loads the signer of the AWS SDK. */
  loadSigner(): SignRequest;
  /** How long sessions of roles last; by default as short as possible. */
  readonly sessionSeconds?: number;
}

/** One way to sign in to AWS. Making a source may open connections, so that they are ready when it signs in. */
export interface CredentialSource {
  /** The role of the credentials, if it is known. */
  readonly roleArn: string | undefined;
  /** Whether the sessions already have tags, which the sessions of roles that they assume inherit. */
  readonly hasSessionTags: boolean;
  /** Signs in, with retries until the deadline. Called again when a session has expired. @throws the last failure */
  signIn(deadline: Deadline): Promise<Credentials>;
  /** The problem of a sign-in that failed. */
  explain(failure: unknown): FetchProblem;
  /** Closes the connections. */
  close(): void;
}
