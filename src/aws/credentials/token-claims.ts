/**
 * The claims of a service account token that trust policies refer to, for messages. The token is not verified here, and
 * only claims of the expected form leave this file.
 *
 * Source: KEP-1205, bound service account tokens; RFC 7519.
 */
import { asArray, field } from '../../core/json.ts';

export interface TokenClaims {
  /** URL of the OIDC issuer. */
  readonly issuer: string;
  /** `system:serviceaccount:<namespace>:<service account>`. */
  readonly subject: string;
  readonly audience: string;
}

const ISSUER = /^https:\/\/[\w.:-]{1,253}(?:\/[\w.~%/-]{0,200})?$/;
const SUBJECT = /^system:serviceaccount:[a-z0-9-]{1,63}:[a-z0-9.-]{1,253}$/;
const AUDIENCE = /^[\w.:/-]{1,200}$/;

/** Reads the claims. @returns undefined if the token has no such claims */
export function claimsOf(token: string): TokenClaims | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const issuer = matching(field(json, 'iss'), ISSUER);
    const subject = matching(field(json, 'sub'), SUBJECT);
    const audiences = field(json, 'aud');
    const audience = matching(asArray(audiences)?.[0] ?? audiences, AUDIENCE);
    return issuer === undefined || subject === undefined || audience === undefined
      ? undefined
      : { issuer, subject, audience };
  } catch {
    // The error of the parser quotes the text.
    return undefined;
  }
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}
