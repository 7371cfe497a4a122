/** Certificates for tests: ECDSA, self-signed, for localhost. */
import { generate } from 'selfsigned';

export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

/** Makes a leaf. @param validity in days from now, both may be negative */
export async function makeLeaf(
  validity: { readonly from?: number; readonly to?: number } = {},
): Promise<Leaf> {
  const day = 24 * 60 * 60 * 1000;
  const made = await generate([{ name: 'commonName', value: 'webhook under test' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + (validity.from ?? -1) * day),
    notAfterDate: new Date(Date.now() + (validity.to ?? 30) * day),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  return { cert: made.cert, key: made.private };
}
