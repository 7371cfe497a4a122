/**
 * The certificate authorities that connections to AWS trust: the public ones that Node.js contains, and those of the
 * operator. Reading all public ones takes longer than a TLS handshake, so the roots of AWS are tried first.
 */
import tls, { type SecureContext } from 'node:tls';
import { CA_BUNDLE_VARIABLE } from '../../core/names/network-variables.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { AMAZON_ROOTS } from './amazon-roots.ts';

/** Codes of OpenSSL for a chain that does not end at a trusted authority. */
const NO_ISSUER =
  /^(?:UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED)/;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** For the whole process. */
let operators: readonly string[] = [];
let trustsAll = false;
let context: SecureContext | undefined;

/**
 * Adds the certificate authorities of the operator, for all connections to AWS.
 * @returns the problem of certificates that cannot be used
 */
export function trustAuthorities(pem: string): FetchProblem | undefined {
  const certificates = pem.match(CERTIFICATE) ?? [];
  const begun = pem.split('-----BEGIN').length - 1;
  // A secure context would ignore what is not a certificate.
  if (begun > 0 && certificates.length === begun && certificates.every(isWhole)) {
    operators = certificates;
    context = undefined;
    return undefined;
  }
  return {
    code: 'AWS_UNAVAILABLE',
    subject: CA_BUNDLE_VARIABLE,
    wrong: 'the value does not consist of certificates in PEM',
    expected: 'create the pod again; the webhook sets the variable from the setting ca-bundle-file',
  };
}

/**
 * Whether the content of a PEM block is one DER sequence with all its bytes. The webhook parses the certificates; doing it
 * again would take a millisecond of each start.
 */
function isWhole(certificate: string): boolean {
  const der = Buffer.from(certificate.replace(/-----[^-]*-----/g, ''), 'base64');
  const lengthBytes = (der[1] ?? 0) - 0x80;
  if (der[0] !== 0x30 || lengthBytes < 1 || lengthBytes > 3 || der.length < 128) return false;
  return der.readUIntBE(2, lengthBytes) === der.length - 2 - lengthBytes;
}

/** What to make connections to AWS with. */
export function secureContext(): SecureContext {
  context ??= tls.createSecureContext({
    ca: [...(trustsAll ? publicAuthorities() : AMAZON_ROOTS), ...operators],
  });
  return context;
}

/**
 * Trusts all public authorities from now on, if that may help: AWS in China and emulators have others than AMAZON_ROOTS.
 * @param code of the failure
 * @param used for the connection that failed
 * @returns whether to connect again
 */
export function trustsMore(code: string, used: SecureContext): boolean {
  if (!NO_ISSUER.test(code)) return false;
  trustPublicAuthorities();
  return used !== secureContext();
}

/** Trusts all public authorities from now on. */
export function trustPublicAuthorities(): void {
  if (trustsAll) return;
  trustsAll = true;
  context = undefined;
}

/** With those that the process was started with or has been told to use. */
function publicAuthorities(): readonly string[] {
  return [...new Set([...tls.rootCertificates, ...tls.getCACertificates('default')])];
}
