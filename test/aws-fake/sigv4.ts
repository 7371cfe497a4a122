import { createHash, timingSafeEqual } from 'node:crypto';
import aws4 from 'aws4';
import { AwsError } from './aws-error.ts';
import type { Service } from './operations.ts';
import type { Session, Sessions } from './sessions.ts';

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Scope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/;
const MUST_BE_SIGNED: Readonly<Record<Service, readonly string[]>> = {
  secretsmanager: ['host', 'x-amz-date', 'x-amz-target'],
  sts: ['host', 'x-amz-date'],
  sqs: ['host', 'x-amz-date', 'x-amz-target'],
};
const ALLOWED_SKEW_MS = 5 * 60 * 1000;

/** Reads the Authorization header without validation, because the log also shows the caller of failed requests. */
export function readScope(authorization: string | undefined): Scope | undefined {
  const match = AUTHORIZATION.exec(authorization ?? '');
  if (match === null) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] =
    match;
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

/** Finds the session that signed a request, and checks what AWS checks. @throws AwsError as AWS responds */
export function verifySignature(
  request: SignedRequest,
  service: Service,
  sessions: Sessions,
  now: number,
): Session {
  const authorization = request.headers['authorization'];
  if (authorization === undefined) {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const scope = readScope(authorization);
  if (scope === undefined) {
    throw new AwsError(
      'IncompleteSignatureException',
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
    );
  }
  const session = sessions.find(scope.accessKeyId);
  if (session === undefined || request.headers['x-amz-security-token'] !== session.sessionToken) {
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  if (now >= session.expiresAt) {
    throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
  }
  checkScope(scope, service, request, now);
  checkSignature(scope, request, session);
  return session;
}

const invalid = (message: string) => new AwsError('InvalidSignatureException', message);

function checkScope(scope: Scope, service: Service, request: SignedRequest, now: number): void {
  if (scope.service !== service)
    throw invalid(`Credential should be scoped to correct service: '${service}'.`);
  // With an AWS host name, the fake is as strict about the Region as the AWS endpoint.
  const host = /^(?:secretsmanager|sqs)(?:-fips)?\.([a-z0-9-]+)\./.exec(request.headers['host'] ?? '');
  if (host !== null && host[1] !== scope.region)
    throw invalid('Credential should be scoped to a valid region.');
  for (const name of MUST_BE_SIGNED[service]) {
    if (!scope.signedHeaders.includes(name)) {
      throw invalid(`'${name}' must be a 'SignedHeader' in the AWS Authorization header.`);
    }
  }
  const stamp = request.headers['x-amz-date'] ?? '';
  if (!stamp.startsWith(`${scope.date}T`)) {
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${stamp.slice(0, 8)}', from '${stamp}'.`,
    );
  }
  const signedAt = readStamp(stamp);
  if (Number.isNaN(signedAt)) throw invalid(`Date must be in ISO-8601 'basic format'. Got '${stamp}'.`);
  if (signedAt < now - ALLOWED_SKEW_MS) {
    throw invalid(
      `Signature expired: ${stamp} is now earlier than ${writeStamp(now - ALLOWED_SKEW_MS)} (${writeStamp(now)} - 5 min.)`,
    );
  }
  if (signedAt > now + ALLOWED_SKEW_MS) {
    throw invalid(
      `Signature not yet current: ${stamp} is still later than ${writeStamp(now + ALLOWED_SKEW_MS)} (${writeStamp(now)} + 5 min.)`,
    );
  }
}

/** Signs the request again with aws4, which is independent of the SDK, and compares the signatures. */
function checkSignature(scope: Scope, request: SignedRequest, session: Session): void {
  const declared = request.headers['x-amz-content-sha256'];
  const actual = createHash('sha256').update(request.body).digest('hex');
  if (declared !== undefined && declared !== actual) {
    throw invalid('The provided x-amz-content-sha256 header does not match what was computed.');
  }
  const signer = new aws4.RequestSigner(
    {
      method: request.method,
      path: request.path,
      headers: Object.fromEntries(scope.signedHeaders.map((name) => [name, request.headers[name] ?? ''])),
      body: request.body,
      service: scope.service,
      region: scope.region,
      doNotModifyHeaders: true,
      // aws4 would omit headers such as a signed user-agent.
      extraHeadersToInclude: Object.fromEntries(scope.signedHeaders.map((name) => [name, true])),
    },
    session,
  );
  signer.datetime = request.headers['x-amz-date'] ?? '';
  if (!timingSafeEqual(Buffer.from(signer.signature()), Buffer.from(scope.signature))) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
}

function readStamp(stamp: string): number {
  return Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function writeStamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '');
}
