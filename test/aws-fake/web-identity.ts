import { createLocalJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { AwsError } from './aws-error.ts';
import type { TokenIssuer } from './issuer.ts';

export interface WebIdentity {
  readonly subject: string;
  readonly audiences: readonly string[];
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
// Base64 decoders accept white space, but STS does not: a token with a trailing newline must be rejected, as by STS.
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

const invalid = (message: string) => new AwsError('InvalidIdentityToken', message);

/** Verifies a web identity token as STS does, except for the trust policy of a role. */
export async function verifyWebIdentity(
  token: string,
  issuer: TokenIssuer,
  now: number,
): Promise<WebIdentity> {
  if (issuerOf(token) !== issuer.issuer) {
    throw invalid(`No OpenIDConnect provider found in your account for ${issuerOf(token)}`);
  }
  const keys = await keysOf(issuer);
  try {
    const { payload } = await jwtVerify(token, keys, { algorithms: ALGORITHMS, currentDate: new Date(now) });
    return identityOf(payload);
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw explain(error, now);
  }
}

function issuerOf(token: string): string {
  const notJwt = invalid(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );
  if (!COMPACT.test(token)) throw notJwt;
  try {
    const { iss } = decodeJwt(token);
    if (iss !== undefined) return iss;
  } catch {
    throw notJwt;
  }
  throw invalid('Missing a required claim: iss');
}

async function keysOf(issuer: TokenIssuer) {
  try {
    return createLocalJWKSet(await issuer.jwks());
  } catch {
    throw new AwsError('IDPCommunicationError', "Couldn't communicate with your identity provider");
  }
}

function identityOf(payload: JWTPayload): WebIdentity {
  if (payload.sub === undefined) throw invalid('Missing a required claim: sub');
  if (payload.aud === undefined) throw invalid('Missing a required claim: aud');
  if (payload.exp === undefined) throw invalid('Missing a required claim: exp');
  return { subject: payload.sub, audiences: [payload.aud].flat() };
}

function explain(error: unknown, now: number): AwsError {
  if (error instanceof errors.JWTExpired) {
    return new AwsError(
      'ExpiredTokenException',
      `Token expired: current date/time ${Math.floor(now / 1000)} must be before the expiration date/time ${String(error.payload.exp)}`,
    );
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return invalid(
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    );
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalid('The web identity token provided could not be validated: its signature is invalid');
  }
  return invalid('The web identity token that was passed could not be validated by Amazon Web Services');
}
