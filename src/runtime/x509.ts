/**
 * Creates a CA and certificates for the webhook: ECDSA P-256, SHA-256. A bundle of its own, which is as large as half of the
 * webhook: import it with `import()` where it is needed.
 */
import { randomBytes } from 'node:crypto';
import { generate } from 'selfsigned';
import { BACKDATED, type PemPair, type Validity } from './certificate.ts';

type Options = NonNullable<Parameters<typeof generate>[1]>;

const COMMON = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const satisfies Options;

/**
 * Creates a CA that can sign server certificates, but no further CA. Each has a name of its own: clients find the CA of a
 * certificate by its name.
 */
export async function makeAuthority(validity: Validity): Promise<PemPair> {
  return make(`aws-secrets-injector CA ${randomBytes(4).toString('hex')}`, {
    ...COMMON,
    ...dates(validity),
    // These extensions replace the defaults of the library, so the list is complete.
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

/** Creates a server certificate. @param names its DNS names; the API server reads only these */
export async function makeLeaf(
  authority: PemPair,
  names: readonly string[],
  validity: Validity,
): Promise<PemPair> {
  return make(names[0] ?? 'aws-secrets-injector', {
    ...COMMON,
    ...dates(validity),
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
  });
}

function dates({ issuedAt, lifetime }: Validity): {
  readonly notBeforeDate: Date;
  readonly notAfterDate: Date;
} {
  return { notBeforeDate: new Date(issuedAt - BACKDATED), notAfterDate: new Date(issuedAt + lifetime) };
}

async function make(commonName: string, options: Options): Promise<PemPair> {
  // X.509 allows 64 characters. Clients read only the alternative names.
  const made = await generate([{ name: 'commonName', value: commonName.slice(0, 64) }], options);
  return { cert: made.cert, key: made.private };
}
