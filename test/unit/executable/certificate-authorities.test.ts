/** Programs with the options of the executable trust what a plain Node.js trusts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeCertificate } from '../../aws-fake/certificates.ts';

const MODULE = path.resolve(import.meta.dirname, '../../../src/executable/certificate-authorities.ts');
const LIST = `
  const { X509Certificate } = require('node:crypto');
  const all = require('node:tls').getCACertificates('default').map((pem) => new X509Certificate(pem).fingerprint256);
  console.log([...new Set(all)].sort().join());`;
const WRAPPED = `
  const { withNodesAuthorities } = require(${JSON.stringify(MODULE)});
  withNodesAuthorities(require, process.env)('node:https');
  ${LIST}`;

function authorities(args: readonly string[], env: Readonly<Record<string, string>>): string {
  return execFileSync(process.execPath, [...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

it.each(['nothing', 'NODE_EXTRA_CA_CERTS', 'NODE_USE_SYSTEM_CA'])(
  'with %s in the environment',
  async (variable) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-'));
    const file = path.join(folder, 'extra.pem');
    writeFileSync(file, (await makeCertificate()).ca);
    // SSL_CERT_FILE names the certificates of the system.
    const env = {
      nothing: {},
      NODE_EXTRA_CA_CERTS: { NODE_EXTRA_CA_CERTS: file },
      NODE_USE_SYSTEM_CA: { NODE_USE_SYSTEM_CA: '1', SSL_CERT_FILE: file },
    }[variable] as Readonly<Record<string, string>>;
    const plain = authorities(['-e', LIST], env);
    expect(plain.length).toBeGreaterThan(5_000);
    expect(authorities(['--use-openssl-ca', '--no-use-system-ca', '-e', WRAPPED], env)).toBe(plain);
  },
);
