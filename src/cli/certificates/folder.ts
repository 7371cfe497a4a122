/** Writes the files of `certs`: all of them or none. Only the owner can read the keys. */
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { PemPair } from '../../runtime/certificate.ts';

const PRIVATE = 0o600;
const PUBLIC = 0o644;
const NAMES = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key', 'ca-bundle.yaml'];

/** The files of `certs` that the directory already contains. */
export function existingFiles(folder: string): readonly string[] {
  return NAMES.filter((name) => fs.existsSync(path.join(folder, name)));
}

/** The CA in a directory, or a message that says why it cannot be used. */
export function readAuthority(folder: string): PemPair | string {
  try {
    const cert = fs.readFileSync(path.join(folder, 'ca.crt'), 'utf8');
    const key = fs.readFileSync(path.join(folder, 'ca.key'), 'utf8');
    if (new Date(new X509Certificate(cert).validTo) < new Date())
      return `${folder}/ca.crt has expired; use --force to create a new CA`;
    return { cert, key };
  } catch {
    return `${folder} does not contain a valid ca.crt and ca.key; remove --renew to create them`;
  }
}

/** Writes temporary files first, so that a failure leaves the directory unchanged. */
export function writeFiles(folder: string, authority: PemPair, leaf: PemPair): void {
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

/** The number of webhooks in the registration of the manifests. */
const WEBHOOKS = 6;

/** A JSON Patch for kustomize that sets the CA bundle of each webhook. */
function caBundlePatch(ca: string): string {
  const value = Buffer.from(ca).toString('base64');
  const operations = Array.from(
    { length: WEBHOOKS },
    (_, index) => `- op: add
  path: /webhooks/${index}/clientConfig/caBundle
  value: ${value}
`,
  );
  return `# Created by aws-secrets-injector certs. The API server trusts certificates that this CA signed.
${operations.join('')}`;
}
