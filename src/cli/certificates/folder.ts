/** The files of `certs` on disk: all of them or none, keys readable by their owner alone. */
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { CertificatePair } from './make.ts';

const PRIVATE = 0o600;
const PUBLIC = 0o644;
const NAMES = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key', 'ca-bundle.yaml'];

/** Files of ours that are in the folder already. */
export function existingFiles(folder: string): readonly string[] {
  return NAMES.filter((name) => fs.existsSync(path.join(folder, name)));
}

/** The CA in a folder, or why it cannot be used. */
export function readAuthority(folder: string): CertificatePair | string {
  try {
    const cert = fs.readFileSync(path.join(folder, 'ca.crt'), 'utf8');
    const key = fs.readFileSync(path.join(folder, 'ca.key'), 'utf8');
    if (new Date(new X509Certificate(cert).validTo) < new Date())
      return `${folder}/ca.crt has expired: --force makes a new CA`;
    return { cert, key };
  } catch {
    return `${folder} holds no usable ca.crt and ca.key: leave --renew out to make them`;
  }
}

/** Writes everything under other names first, so that a failure leaves the folder as it was. */
export function writeFiles(folder: string, authority: CertificatePair, leaf: CertificatePair): void {
  fs.mkdirSync(folder, { recursive: true });
  const files: readonly (readonly [string, string, number])[] = [
    ['ca.crt', authority.cert, PUBLIC],
    ['ca.key', authority.key, PRIVATE],
    ['tls.crt', leaf.cert, PUBLIC],
    ['tls.key', leaf.key, PRIVATE],
    ['ca-bundle.yaml', caBundlePatch(authority.cert), PUBLIC],
  ];
  const temporary = (name: string): string => path.join(folder, `.${name}.new`);
  try {
    for (const [name, text, mode] of files) {
      fs.rmSync(temporary(name), { force: true });
      fs.writeFileSync(temporary(name), text, { flag: 'wx', mode: PRIVATE });
      fs.chmodSync(temporary(name), mode);
    }
    for (const [name] of files) fs.renameSync(temporary(name), path.join(folder, name));
  } finally {
    for (const [name] of files) fs.rmSync(temporary(name), { force: true });
  }
}

/** A JSON Patch for kustomize: the API server trusts what this CA signed. */
function caBundlePatch(ca: string): string {
  return `# Made by aws-secrets-injector certs: makes the API server trust the webhook's certificate.
- op: add
  path: /webhooks/0/clientConfig/caBundle
  value: ${Buffer.from(ca).toString('base64')}
`;
}
