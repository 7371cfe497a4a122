/**
 * Credentials for an inventory: in a pod those of its own identity, elsewhere those that the AWS CLI of the user exports. The
 * AWS CLI knows every way to sign in, so none is implemented here, and the credential chain of the SDK is never used.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { RetryLog } from '../aws/calls/retry-log.ts';
import { signRequest } from '../aws/calls/sign.ts';
import type { ProxyOf } from '../aws/connections/proxy.ts';
import { openCredentialSource } from '../aws/credentials/choose.ts';
import type { AwsEnvironment } from '../aws/environment.ts';
import { textField } from '../core/json.ts';
import { failed, ok, type Result } from '../core/problems/result.ts';
import { SecretValue } from '../core/secret/secret-value.ts';

/** Credentials as the SDK takes them. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A function, so that nothing prints credentials with the settings of a client. */
export type Provider = () => Promise<Identity>;

const SIGN_IN_MILLISECONDS = 30_000;
/** A person may have to confirm the sign-in. */
const EXPORT_MILLISECONDS = 120_000;
const MOST_BYTES = 64 * 1024;

/** With the identity of the pod. The problem says what is missing. */
export async function podCredentials(
  environment: AwsEnvironment,
  region: string,
  proxyOf: ProxyOf,
): Promise<Result<Provider, string>> {
  const parts = { log: new RetryLog(() => undefined), proxyOf, loadSigner: () => signRequest };
  const source = openCredentialSource(environment, region, parts);
  if (!source.ok) return failed(`${source.problem.wrong}; ${source.problem.expected}`);
  const signal = AbortSignal.timeout(SIGN_IN_MILLISECONDS);
  try {
    const given = await source.value.signIn({ at: performance.now() + SIGN_IN_MILLISECONDS, signal });
    return ok(async () => given);
  } catch (failure) {
    const { wrong, expected } = source.value.explain(failure);
    return failed(`${wrong}; ${expected}`);
  } finally {
    source.value.close();
  }
}

/** Of the AWS CLI. @param program its name or path */
export async function exportedCredentials(program: string): Promise<Result<Provider, string>> {
  const args = ['configure', 'export-credentials', '--format', 'process'];
  let exported: SecretValue;
  try {
    const options = { timeout: EXPORT_MILLISECONDS, maxBuffer: MOST_BYTES };
    exported = new SecretValue((await promisify(execFile)(program, args, options)).stdout);
  } catch (error) {
    // Its output can contain credentials, and is dropped.
    return failed(
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `${program} was not found: install the AWS CLI, or give the files that the audit needs`
        : `"${program} ${args.join(' ')}" failed: run it, and sign in as it says. It requires version 2 of the AWS CLI`,
    );
  }
  const identity = identityIn(exported);
  return identity === undefined
    ? failed(`"${program} ${args.join(' ')}" printed no credentials: version 2 of the AWS CLI is required`)
    : ok(async () => identity);
}

function identityIn(exported: SecretValue): Identity | undefined {
  let json: unknown;
  try {
    json = JSON.parse(exported.revealText() ?? '');
  } catch {
    return undefined;
  }
  const [accessKeyId, secretAccessKey] = [textField(json, 'AccessKeyId'), textField(json, 'SecretAccessKey')];
  const sessionToken = textField(json, 'SessionToken');
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
