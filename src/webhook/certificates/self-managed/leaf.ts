/** The certificate of this replica, which exists in its memory alone, and by which CA it is signed. */
import { X509Certificate } from 'node:crypto';
import type { CertificatePair } from '../pair.ts';
import { type Authority, isValid, renewalTime } from './authority.ts';

export interface Leaf {
  readonly pair: CertificatePair;
  readonly authority: Authority;
}

/** What the choice of the CA depends on. */
export interface Signing {
  readonly leaf: Leaf | undefined;
  /** The CA in the Secret, if it is valid. */
  readonly authority: Authority | undefined;
  /** Whether API servers trust a CA: all registrations contain it, as last read. */
  readonly isTrusted: (authority: Authority) => boolean;
  /** Whether they have contained it for so long that every API server knows. */
  readonly isSettled: (authority: Authority) => boolean;
  /** In milliseconds. */
  readonly now: number;
}

/**
 * Chooses the CA that signs a new certificate now.
 * @returns undefined to keep the current certificate
 */
export function chooseSigner({ leaf, authority, isTrusted, isSettled, now }: Signing): Authority | undefined {
  if (leaf === undefined || !isValid(leaf.pair.leaf, now)) {
    const usable = [authority, leaf?.authority].filter((one) => one !== undefined && isValid(one.x509, now));
    return usable.find((one) => one !== undefined && isTrusted(one)) ?? usable[0];
  }
  if (authority !== undefined && authority.cert !== leaf.authority.cert && isSettled(authority))
    return authority;
  // The key of the current CA is still in memory, so neither the API server nor the Secret is needed.
  const isDue = now >= renewalTime(leaf.pair.leaf);
  return isDue && isValid(leaf.authority.x509, now) ? leaf.authority : undefined;
}

/** Signs a certificate with a new key. It ends before its CA does. @param lifetime in milliseconds */
export async function signLeaf(
  authority: Authority,
  names: readonly string[],
  lifetime: number,
  now: number,
): Promise<Leaf> {
  const { makeLeaf } = await import('../../../runtime/x509.ts');
  const most = authority.x509.validToDate.getTime() - now;
  const { cert, key } = await makeLeaf(authority, names, {
    issuedAt: now,
    lifetime: Math.min(lifetime, most),
  });
  return { pair: { cert, key, leaf: new X509Certificate(cert) }, authority };
}
