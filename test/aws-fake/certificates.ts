import { isIP } from 'node:net';

export interface TlsMaterial {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

/**
 * Creates a certificate authority, and a certificate for localhost, 127.0.0.1 and the given names or addresses.
 * @param notBeforeDate when the year begins in which they are valid
 */
export async function makeCertificate(
  extraNames: readonly string[] = [],
  notBeforeDate = new Date(),
): Promise<TlsMaterial> {
  // Loaded on demand, because it takes longer to load than the rest of the fake.
  const { generate } = await import('selfsigned');
  const curve = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'AWS fake CA' }], {
    ...curve,
    notBeforeDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const names = ['localhost', '127.0.0.1', ...extraNames];
  const leaf = await generate([{ name: 'commonName', value: 'AWS fake' }], {
    ...curve,
    notBeforeDate,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { key: leaf.private, cert: leaf.cert, ca: authority.cert };
}
