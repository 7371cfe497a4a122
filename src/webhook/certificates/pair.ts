/** A certificate and its key, checked to belong together. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { failed, ok, type Result } from '../../core/problems/result.ts';

export interface CertificatePair {
  /** The chain in PEM, the leaf first. */
  readonly cert: string;
  readonly key: string;
  readonly leaf: X509Certificate;
}

/** A pair, or why it cannot be used. Problems contain file names and fixed texts, never the content of a file. */
type Read = Result<CertificatePair, string>;

/** Reads a pair. A pair that is only partly written is a problem. */
export async function readCertificatePair(certFile: string, keyFile: string): Promise<Read> {
  const [cert, key] = await Promise.all([readText(certFile), readText(keyFile)]);
  if (!cert.ok) return cert;
  return key.ok ? checkCertificatePair(cert.value, key.value, certFile, keyFile) : key;
}

/** Checks that the texts are a certificate and its key. */
export function checkCertificatePair(cert: string, key: string, certFile: string, keyFile: string): Read {
  const leaf = attempt(() => new X509Certificate(cert), `${certFile} contains no certificate in PEM`);
  if (!leaf.ok) return leaf;
  const privateKey = attempt(
    () => createPrivateKey(key),
    `${keyFile} contains no unencrypted private key in PEM`,
  );
  if (!privateKey.ok) return privateKey;
  if (!leaf.value.checkPrivateKey(privateKey.value))
    return failed(`${keyFile} is not the key of the certificate in ${certFile}`);
  // Checks the rest of the chain, and requirements of OpenSSL such as the length of the key.
  const context = attempt(
    () => createSecureContext({ cert, key }),
    `OpenSSL does not accept ${certFile} and ${keyFile}`,
  );
  return context.ok ? ok({ cert, key, leaf: leaf.value }) : context;
}

/** Whether the certificate is valid at a time. @param now in milliseconds */
export function isValidAt({ leaf }: CertificatePair, now: number): boolean {
  return leaf.validFromDate.getTime() <= now && now <= leaf.validToDate.getTime();
}

async function readText(file: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(file, 'utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return failed(`${file} cannot be read: ${code}`);
  }
}

function attempt<T>(make: () => T, problem: string): Result<T, string> {
  try {
    return ok(make());
  } catch {
    return failed(problem);
  }
}
