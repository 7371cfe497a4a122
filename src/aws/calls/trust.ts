/** The certificate authorities that the fetcher trusts. */
import tls from 'node:tls';
import { CA_BUNDLE_VARIABLE } from '../../core/names/network-variables.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';

/**
 * Adds the certificate authorities of the operator to the public ones that Node.js contains, for all connections of the
 * process. @returns the problem of certificates that cannot be used
 */
export function trustAuthorities(pem: string): FetchProblem | undefined {
  try {
    // Node.js would ignore a text without certificates.
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new TypeError('no certificate');
    tls.setDefaultCACertificates([...tls.rootCertificates, pem]);
    return undefined;
  } catch {
    return {
      code: 'AWS_UNAVAILABLE',
      subject: CA_BUNDLE_VARIABLE,
      wrong: 'the value does not consist of certificates in PEM',
      expected: 'create the pod again; the webhook sets the variable from the setting ca-bundle-file',
    };
  }
}
