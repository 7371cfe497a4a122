/** A certificate and its key: read, and checked to belong together before anything uses them. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

export interface CertificatePair {
  /** The chain in PEM, the leaf first. */
  readonly cert: string;
  readonly key: string;
  readonly leaf: X509Certificate;
}

/** Why a pair cannot be used: file names and fixed texts, never what a file holds. */
export class CertificateProblem extends Error {
  override readonly name = 'CertificateProblem';
}

/** Reads a pair. Rejects with a CertificateProblem, also for a pair caught half-written. */
export async function readCertificatePair(certFile: string, keyFile: string): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readText(certFile), readText(keyFile)]);
  return checkCertificatePair(cert, key, certFile, keyFile);
}

/** Checks that the texts are a certificate and its key. */
export function checkCertificatePair(
  cert: string,
  key: string,
  certFile: string,
  keyFile: string,
): CertificatePair {
  const leaf = attempt(() => new X509Certificate(cert), `${certFile} holds no certificate in PEM`);
  const privateKey = attempt(
    () => createPrivateKey(key),
    `${keyFile} holds no unencrypted private key in PEM`,
  );
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateProblem(`${keyFile} is not the key of the certificate in ${certFile}`);
  }
  // The rest of the chain, and whatever else OpenSSL dislikes, such as a key that is too short.
  attempt(() => createSecureContext({ cert, key }), `${certFile} and ${keyFile} are not accepted by OpenSSL`);
  return { cert, key, leaf };
}

/** Whether the certificate is valid at a time. @param now in milliseconds */
export function isValidAt({ leaf }: CertificatePair, now: number): boolean {
  return leaf.validFromDate.getTime() <= now && now <= leaf.validToDate.getTime();
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new CertificateProblem(`${file} cannot be read: ${code}`);
  }
}

function attempt<T>(make: () => T, problem: string): T {
  try {
    return make();
  } catch {
    throw new CertificateProblem(problem);
  }
}
