import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';

/** The issuer of the tokens that STS accepts: the OpenID Connect provider of a cluster. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly jwks: () => Promise<JSONWebKeySet> | JSONWebKeySet;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Default: `sts.amazonaws.com`. */
  readonly audience?: string | readonly string[];
  /** Default: 86400, as the EKS pod identity webhook requests. A negative number results in an expired token. */
  readonly expiresInSeconds?: number;
  /** In milliseconds since 1970. Default: now. */
  readonly issuedAt?: number;
  /** Overrides the subject of the namespace and the service account. */
  readonly subject?: string;
}

export interface SigningIssuer extends TokenIssuer {
  issueToken(claims: TokenClaims, now: number): Promise<string>;
}

/** Creates an issuer with a new RSA key, whose tokens have the claims of tokens that kubelet writes. */
export async function makeIssuer(issuer: string): Promise<SigningIssuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
  const kid = randomUUID();
  const keys: JSONWebKeySet = {
    keys: [{ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' }],
  };
  return {
    issuer,
    jwks: () => keys,
    issueToken: (claims, now) => {
      const { namespace, serviceAccount, audience = 'sts.amazonaws.com' } = claims;
      const issuedAt = Math.floor((claims.issuedAt ?? now) / 1000);
      return new SignJWT({
        'kubernetes.io': {
          namespace,
          pod: { name: `${serviceAccount}-0`, uid: randomUUID() },
          serviceaccount: { name: serviceAccount, uid: randomUUID() },
        },
      })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setIssuer(issuer)
        .setSubject(claims.subject ?? `system:serviceaccount:${namespace}:${serviceAccount}`)
        .setAudience(typeof audience === 'string' ? [audience] : [...audience])
        .setIssuedAt(issuedAt)
        .setNotBefore(issuedAt)
        .setExpirationTime(issuedAt + (claims.expiresInSeconds ?? 86_400))
        .setJti(randomUUID())
        .sign(privateKey);
    },
  };
}
