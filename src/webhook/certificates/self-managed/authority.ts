/** The CA of the webhook: its form in the Secret, and when it is renewed. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { failed, ok, type Result } from '../../../core/problems/result.ts';
import { BACKDATED, type PemPair } from '../../../runtime/certificate.ts';

export interface Authority extends PemPair {
  readonly x509: X509Certificate;
}

/** The keys of the Secret. */
export const CA_CERT = 'ca.crt';
export const CA_KEY = 'ca.key';

/** The curves with which certificates can be signed, as OpenSSL calls them. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Creates a CA. @param issuedAt in milliseconds @param lifetime in milliseconds */
export async function createAuthority(issuedAt: number, lifetime: number): Promise<Authority> {
  const { makeAuthority } = await import('../../../runtime/x509.ts');
  const { cert, key } = await makeAuthority({ issuedAt, lifetime });
  const x509 = new X509Certificate(cert);
  return { cert: x509.toString(), key, x509 };
}

/**
 * Reads the CA from the data of the Secret.
 * @returns or why it cannot be used, without any part of the data
 */
export function readAuthority(data: Readonly<Record<string, unknown>>): Result<Authority, string> {
  const [cert, key] = [decode(data[CA_CERT]), decode(data[CA_KEY])];
  if (cert === undefined && key === undefined) return failed('is empty');
  try {
    const x509 = new X509Certificate(cert ?? '');
    const privateKey = createPrivateKey(key ?? '');
    // Its own signature: OpenSSL, unlike Go, does not trust a CA that another one signed.
    const isAuthority = x509.ca && x509.verify(x509.publicKey);
    const isKnown = CURVES.includes(privateKey.asymmetricKeyDetails?.namedCurve ?? '');
    if (!isAuthority || !isKnown || !x509.checkPrivateKey(privateKey))
      return failed('contains no CA certificate with its ECDSA key');
    return ok({ cert: x509.toString(), key: key ?? '', x509 });
  } catch {
    return failed('contains no CA certificate with its key in PEM');
  }
}

/** The data of the Secret. */
export function secretData({ cert, key }: Authority): Readonly<Record<string, string>> {
  return { [CA_CERT]: encode(cert), [CA_KEY]: encode(key) };
}

/** Whether a certificate is valid. @param now in milliseconds */
export function isValid(certificate: X509Certificate, now: number): boolean {
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime();
}

/** When a certificate is renewed, in milliseconds: after two thirds of its lifetime, as cert-manager does. */
export function renewalTime({ validFromDate, validToDate }: X509Certificate): number {
  const issuedAt = validFromDate.getTime() + BACKDATED;
  return issuedAt + (Math.max(0, validToDate.getTime() - issuedAt) * 2) / 3;
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(base64: unknown): string | undefined {
  return typeof base64 === 'string' && base64 !== '' ? Buffer.from(base64, 'base64').toString() : undefined;
}
