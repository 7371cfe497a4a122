/**
 * EKS Pod Identity: the agent on the node exchanges a token of the pod's service account for credentials. No call to STS,
 * and no TLS: the agent has a link-local address, which never leaves the node.
 *
 * Sources: "Container credential provider" in the reference guide of AWS SDKs; aws/eks-pod-identity-agent.
 */
import { field, textField } from '../../core/json.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { AwsFailure, classify, INCOMPLETE_ANSWER, NetworkFailure } from '../calls/errors.ts';
import { systemClock, withRetries } from '../calls/retry.ts';
import type { Credentials } from '../calls/secret-reader.ts';
import { ConnectionPool } from '../connections/connection-pool.ts';
import type { AwsEnvironment } from '../environment.ts';
import { foreignAgent, podIdentityRefused } from './refusals.ts';
import type { CredentialSource, SourceParts } from './source.ts';
import { readToken, TokenUnreadable } from './token-file.ts';

/** The addresses of the agent, whose answers come over plain http. */
const AGENTS: ReadonlySet<string> = new Set(['169.254.170.23', '[fd00:ec2::23]']);
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]']);
const AGENT = 'the EKS Pod Identity Agent';
/** Limits of one try. The agent asks EKS, and waits if its node asks for many service accounts at once. */
const LIMITS = { silence: 5_000, total: 10_000, bytes: 64 * 1024 };

/**
 * Opens the source if the pod has the two variables of EKS Pod Identity.
 * @returns undefined without these variables, or the problem of the endpoint
 */
export function openPodIdentity(
  { identity }: AwsEnvironment,
  _region: string,
  { log }: SourceParts,
): Result<CredentialSource, FetchProblem> | undefined {
  const { credentialsUri, credentialsTokenFile, pod } = identity;
  if (credentialsUri === undefined || credentialsTokenFile === undefined) return undefined;
  const url = agentUrl(credentialsUri);
  if (url === undefined) return failed(foreignAgent());
  const token = { path: credentialsTokenFile, variable: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE' };
  return ok({
    roleArn: undefined,
    // EKS adds the cluster, the namespace, the service account and the pod, as transitive tags.
    hasSessionTags: true,
    signIn: async (deadline) => {
      // kubelet replaces the token before it expires, so each attempt reads it again.
      const attempt = async () =>
        getCredentials(url, await readToken(token, deadline.signal), deadline.signal);
      const answered = log.asking(AGENT);
      const react = { classify, retrying: (failure: unknown) => log.retrying(AGENT, failure) };
      const credentials = await withRetries(attempt, react, deadline, systemClock);
      answered();
      log.succeeded(AGENT);
      return credentials;
    },
    explain: (failure) =>
      failure instanceof TokenUnreadable ? failure.problem : podIdentityRefused(failure, pod),
    close: () => undefined,
  });
}

/** The URL, if the token may be sent there. */
function agentUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') return undefined;
  const isAgent = url.protocol === 'http:' && url.port === '' && AGENTS.has(url.hostname);
  // For tests without link-local addresses. No other host gets the token, because no other agent exists.
  const isLoopback = url.protocol === 'https:' && LOOPBACK.has(url.hostname);
  return isAgent || isLoopback ? url : undefined;
}

/** Gets credentials. @throws AwsFailure or NetworkFailure */
async function getCredentials(url: URL, token: string, signal: AbortSignal): Promise<Credentials> {
  const pool = new ConnectionPool(url, 0);
  const answer = await pool.send({
    method: 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { authorization: token, accept: 'application/json' },
    signal,
    limits: LIMITS,
  });
  pool.close();
  if (!answer.ok) throw new NetworkFailure(answer.code);
  const text = answer.body.toString('utf8');
  // The agent answers with JSON, or with plain text that begins with an identifier or a word.
  if (/^\s*</.test(text)) throw new NetworkFailure('NOT_AWS', answer.status);
  if (answer.status !== 200) throw new AwsFailure(codeIn(text), answer.status);
  const credentials = credentialsIn(text);
  if (credentials === undefined) throw new AwsFailure(INCOMPLETE_ANSWER, answer.status);
  return credentials;
}

/** The code of EKS in an error of the agent: `[request]: (ResourceNotFoundException): …`. The agent checks expiry itself. */
function codeIn(text: string): string {
  const code = /\(([A-Za-z]{1,60}Exception)\)/.exec(text)?.[1];
  return code ?? (/token is expired/.test(text) ? 'ExpiredToken' : 'Unknown');
}

function credentialsIn(text: string): Credentials | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The error of the parser quotes the text.
    return undefined;
  }
  const accessKeyId = textField(json, 'AccessKeyId');
  const secretAccessKey = textField(json, 'SecretAccessKey');
  const sessionToken = field(json, 'Token');
  if (!accessKeyId || !secretAccessKey || typeof sessionToken !== 'string' || !sessionToken) return undefined;
  // The agent is on the same node, so its clock is the same.
  const expiry = Date.parse(textField(json, 'Expiration') ?? '');
  const lifetime = Number.isNaN(expiry) ? undefined : Math.max(0, expiry - Date.now());
  return { accessKeyId, secretAccessKey, sessionToken, lifetime };
}
