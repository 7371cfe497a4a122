import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from 'jose';

/** Who signs the tokens that STS accepts: the cluster's OpenID Connect provider. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly jwks: () => Promise<JSONWebKeySet> | JSONWebKeySet;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Default `sts.amazonaws.com`. */
  readonly audience?: string | readonly string[];
  /** Default 86400, as Amazon's own webhook asks for. Negative makes an expired token. */
  readonly expiresInSeconds?: number;
  /** Milliseconds since 1970; default now. */
  readonly issuedAt?: number;
  /** Replaces the subject that the namespace and the service account make. */
  readonly subject?: string;
}

export interface SigningIssuer extends TokenIssuer {
  issueToken(claims: TokenClaims, now: number): Promise<string>;
}

/** An issuer with its own RSA key, whose tokens look as kubelet writes them. */
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
