import { Agent, request } from 'node:https';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import { type Role, type StandIn, type StandInOptions, startStandIn } from '../../aws-fake/index.ts';

export const REGION = 'eu-west-1';
export const ROLE_ARN = 'arn:aws:iam::111122223333:role/pods/shop';
export const OTHER_ROLE_ARN = 'arn:aws:iam::111122223333:role/billing';
export const DB_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/shop/db-AbCdEf';
export const OTHER_ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/billing/key-GhIjKl';

export const SHOP_ROLE: Role = {
  arn: ROLE_ARN,
  subjects: ['system:serviceaccount:shop:*'],
  allow: ['arn:aws:secretsmanager:*:111122223333:secret:prod/shop/*'],
};

/** Starts a fake with one role and one secret. It stops at the end of the test. */
export async function startAccount(options: StandInOptions = {}): Promise<StandIn> {
  const aws = await startStandIn(options);
  onTestFinished(() => aws.stop());
  aws.putRole(SHOP_ROLE);
  aws.putSecret({ arn: DB_ARN, value: '{"username":"shop","password":"correct horse"}' });
  return aws;
}

interface ClientOptions {
  readonly region?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly maxAttempts?: number;
}

/** An SDK client for the fake. One attempt by default, so that a test sees each response. */
export function sdkClient(aws: StandIn, options: ClientOptions = {}): SecretsManagerClient {
  const client = new SecretsManagerClient({
    region: options.region ?? REGION,
    endpoint: aws.url,
    maxAttempts: options.maxAttempts ?? 1,
    credentials: options.credentials ?? aws.startSession(ROLE_ARN, 'shop.web'),
    requestHandler: { httpsAgent: new Agent({ ca: aws.caPem, keepAlive: true, maxSockets: 4 }) },
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** Reads a value. @returns the output or the error, so that tests can compare both */
export function getValue(
  client: SecretsManagerClient,
  secretId: string,
  version: { VersionId?: string; VersionStage?: string } = {},
) {
  return client.send(new GetSecretValueCommand({ SecretId: secretId, ...version }));
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Sends a request with unchanged bytes. Default: POST to `/`. */
export function send(
  aws: StandIn,
  headers: Record<string, string>,
  body: string,
  path = '/',
  method = 'POST',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      aws.url + path,
      { method, headers, ca: aws.caPem, agent: false, servername: 'localhost' },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Requests a session from STS. */
export async function assumeRole(
  aws: StandIn,
  change: Record<string, string | undefined> = {},
): Promise<RawAnswer> {
  const form = new URLSearchParams({ Action: 'AssumeRoleWithWebIdentity', Version: '2011-06-15' });
  const fields = {
    RoleArn: ROLE_ARN,
    RoleSessionName: 'shop.web',
    WebIdentityToken:
      change['WebIdentityToken'] ?? (await aws.issueToken({ namespace: 'shop', serviceAccount: 'web' })),
    ...change,
  };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) form.set(name, value);
    else form.delete(name);
  }
  return send(aws, { 'content-type': 'application/x-www-form-urlencoded' }, form.toString());
}

/** The text of an XML element. Sufficient for these small responses. */
export function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

/** The name and status of the SDK error for one response. */
export async function failure(
  aws: StandIn,
): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await getValue(sdkClient(aws), DB_ARN);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const metadata = '$metadata' in error ? error.$metadata : undefined;
    const status =
      typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
        ? metadata.httpStatusCode
        : undefined;
    return {
      name: error.name,
      status: typeof status === 'number' ? status : undefined,
      message: error.message,
    };
  }
  throw new Error('the request succeeded');
}

/** The code and message of an STS error. */
export const stsError = (answer: RawAnswer) => ({
  status: answer.status,
  code: element(answer.body, 'Code'),
  message: element(answer.body, 'Message'),
});

/** A token of the service account that the role trusts, with changed claims. */
export const tokenOf = (aws: StandIn, claims: Partial<Parameters<StandIn['issueToken']>[0]> = {}) =>
  aws.issueToken({ namespace: 'shop', serviceAccount: 'web', ...claims });
