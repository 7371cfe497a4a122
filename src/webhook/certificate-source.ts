/** Where the certificate comes from, and how the log and the readiness probe describe it. */
import { CertificateFiles, type CertificateFilesOptions } from './certificates/files.ts';
import type { CertificatePair } from './certificates/pair.ts';
import {
  SelfManagedCertificates,
  type SelfManagedOptions,
} from './certificates/self-managed/self-managed.ts';
import type { CertificateListener, CertificateSource } from './certificates/source.ts';

export type CertificateOptions =
  | ({ readonly source: 'self' } & SelfManagedOptions)
  | ({ readonly source: 'files' } & CertificateFilesOptions);

/** Chooses where the certificate comes from. */
export function certificateSource(
  options: CertificateOptions,
  listener: CertificateListener,
): CertificateSource {
  switch (options.source) {
    case 'self':
      return new SelfManagedCertificates(options, listener);
    case 'files':
      return new CertificateFiles(options, listener);
  }
}

/** For the answer of the readiness probe. */
export function describeCertificate(
  { source }: CertificateOptions,
  pair: CertificatePair | undefined,
  since: number,
): string {
  const expiry = pair?.leaf.validToDate.toISOString() ?? 'unknown';
  return `certificate: source ${source}, in use since ${new Date(since).toISOString()}, expires ${expiry}`;
}

/** For the log. */
export function certificateFields({ leaf }: CertificatePair): {
  readonly fingerprint: string;
  readonly notAfter: string;
} {
  return { fingerprint: leaf.fingerprint256, notAfter: leaf.validToDate.toISOString() };
}
