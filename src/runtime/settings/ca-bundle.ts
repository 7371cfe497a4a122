/** The file with further certificate authorities that the fetcher trusts. Its content becomes a variable of every pod. */
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { readBounded } from './bounded-file.ts';

/** Of the file, which may contain public authorities as well. */
const MOST_FILE_BYTES = 1024 * 1024;
/** Of what remains: Kubernetes limits the size of a pod, and Linux that of a variable. */
const MOST_BYTES = 64 * 1024;

/**
 * Reads the certificates of a PEM file.
 * @returns them as PEM without comments, and without the public ones, which Node.js trusts in any case; or what is wrong
 */
export function readCaBundle(file: string): Result<string, string> {
  const text = readBounded(file, MOST_FILE_BYTES);
  return text.ok ? certificatesIn(text.value) : text;
}

function certificatesIn(text: string): Result<string, string> {
  // A private key would become readable for everybody who can read pods.
  if (/-----BEGIN (?!CERTIFICATE-----)/.test(text))
    return failed('contains something other than certificates');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length !== text.split('-----BEGIN').length - 1)
    return failed('does not consist of certificates in PEM');
  const publicOnes = new Set(tls.rootCertificates.map(withoutBlanks));
  const kept = new Set<string>();
  for (const [index, block] of blocks.entries()) {
    if (publicOnes.has(withoutBlanks(block))) continue;
    const pem = canonical(block);
    if (pem === undefined) return failed(`contains a certificate that cannot be read (number ${index + 1})`);
    kept.add(pem);
  }
  const pem = [...kept].join('');
  if (pem.length > MOST_BYTES)
    return failed(
      'contains more than 64 KiB of certificates that are not public; list only those that are needed',
    );
  return ok(pem);
}

function withoutBlanks(pem: string): string {
  return pem.replace(/\s/g, '');
}

function canonical(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).toString();
  } catch {
    return undefined;
  }
}
