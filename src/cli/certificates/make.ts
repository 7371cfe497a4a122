/** Creates a CA and certificates for the webhook: ECDSA P-256, SHA-256. */
import type { generate } from 'selfsigned';

export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

const DAY = 24 * 60 * 60 * 1000;
const CA_DAYS = 3650;
// The clocks of nodes differ: a certificate must not start in the future on any of them.
const SKEW = 60 * 60 * 1000;

type Options = NonNullable<Parameters<typeof generate>[1]>;

const COMMON = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const satisfies Options;

/** Creates a CA that can sign server certificates, but no further CA. */
export async function makeAuthority(now: Date): Promise<CertificatePair> {
  return make('aws-secrets-injector CA', {
    ...COMMON,
    ...validity(now, CA_DAYS),
    // These extensions replace the defaults of the library, so the list is complete.
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** Creates a server certificate. @param names its DNS names; the API server reads only these */
export async function makeLeaf(
  authority: CertificatePair,
  names: readonly string[],
  days: number,
  now: Date,
): Promise<CertificatePair> {
  return make(names[0] ?? 'aws-secrets-injector', {
    ...COMMON,
    ...validity(now, days),
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
  });
}

function validity(now: Date, days: number): { readonly notBeforeDate: Date; readonly notAfterDate: Date } {
  return {
    notBeforeDate: new Date(now.getTime() - SKEW),
    notAfterDate: new Date(now.getTime() + days * DAY),
  };
}

async function make(commonName: string, options: Options): Promise<CertificatePair> {
  const selfsigned = await import('selfsigned');
  // X.509 allows 64 characters. Clients read only the alternative names.
  const made = await selfsigned.generate([{ name: 'commonName', value: commonName.slice(0, 64) }], options);
  return { cert: made.cert, key: made.private };
}
