/** Which certificate authorities connections to AWS trust, against real TLS servers. */
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AMAZON_ROOTS } from '../../../../src/aws/connections/amazon-roots.ts';
import { makeCertificate, type TlsMaterial } from '../../../aws-fake/certificates.ts';

const LIMITS = { total: 5_000, bytes: 1_000 };
const defaults = tls.getCACertificates('default');

// The authorities are those of a process.
beforeEach(() => {
  vi.resetModules();
  return () => tls.setDefaultCACertificates(defaults);
});

interface Server {
  readonly material: TlsMaterial;
  /** Connections so far. */
  readonly count: () => number;
  /** Starts TLS on the connections that are open. */
  secure(): void;
  send(): Promise<unknown>;
}

/** A server with a CA of its own. @param preopened connections that are open before the request */
async function startServer(preopened = 0): Promise<Server> {
  const { ConnectionPool } = await import('../../../../src/aws/connections/connection-pool.ts');
  const material = await makeCertificate();
  let connections = 0;
  const server = createServer({ key: material.key, cert: material.cert }, (_request, response) => {
    response.end('answer');
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const pool = new ConnectionPool(url, preopened);
  onTestFinished(() => {
    pool.close();
    server.closeAllConnections();
    server.close();
  });
  return {
    material,
    count: () => connections,
    secure: () => pool.secure(),
    send: () => {
      pool.secure();
      return pool.send({ method: 'GET', path: '/', headers: {}, limits: LIMITS });
    },
  };
}

const ANSWERED = { ok: true, status: 200, body: Buffer.from('answer') };
const UNTRUSTED = { ok: false, code: expect.stringMatching(/^UNABLE_TO_/) };

describe('the roots of AWS', () => {
  it('are among those that this Node.js contains', () => {
    const contained = new Set(tls.rootCertificates.map((pem) => new X509Certificate(pem).fingerprint256));
    expect(AMAZON_ROOTS).toHaveLength(5);
    for (const pem of AMAZON_ROOTS) {
      const { fingerprint256, subject } = new X509Certificate(pem);
      expect(contained, subject).toContain(fingerprint256);
      expect(subject).toMatch(
        /CN=(?:Amazon Root CA [1-4]|Starfield Services Root Certificate Authority - G2)$/,
      );
    }
  });
});

describe('a server with another authority', () => {
  it('of the operator: one connection', async () => {
    const { trustAuthorities } = await import('../../../../src/aws/connections/trust.ts');
    const server = await startServer();
    expect(trustAuthorities(server.material.ca)).toBeUndefined();
    expect(await server.send()).toMatchObject(ANSWERED);
    expect(server.count()).toBe(1);
  });

  it('that is public: a second connection', async () => {
    const server = await startServer();
    tls.setDefaultCACertificates([server.material.ca]);
    expect(await server.send()).toMatchObject(ANSWERED);
    expect(server.count()).toBe(2);
  });

  it('that is public: connections that were opened before are not used', async () => {
    const server = await startServer(3);
    tls.setDefaultCACertificates([server.material.ca]);
    const answers = await Promise.all([server.send(), server.send(), server.send()]);
    expect(answers).toMatchObject([ANSWERED, ANSWERED, ANSWERED]);
  });

  it('that is public: a handshake that began with fewer authorities is given up', async () => {
    const { trustPublicAuthorities } = await import('../../../../src/aws/connections/trust.ts');
    const server = await startServer(1);
    tls.setDefaultCACertificates([server.material.ca]);
    server.secure();
    trustPublicAuthorities();
    expect(await server.send()).toMatchObject(ANSWERED);
  });

  it('that nobody knows: a failure', async () => {
    const server = await startServer();
    expect(await server.send()).toMatchObject(UNTRUSTED);
    expect(await server.send()).toMatchObject(UNTRUSTED);
    // The first request tried twice.
    expect(server.count()).toBe(3);
  });

  it('of the operator, although public ones are tried as well: still trusted', async () => {
    const { trustAuthorities, trustPublicAuthorities } = await import(
      '../../../../src/aws/connections/trust.ts'
    );
    const server = await startServer();
    trustAuthorities(server.material.ca);
    trustPublicAuthorities();
    expect(await server.send()).toMatchObject(ANSWERED);
  });
});

it.each([
  ['nothing', () => ''],
  ['text', () => 'canary'],
  ['an empty block', () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
  ['a block of two bytes', () => '-----BEGIN CERTIFICATE-----\nMIM=\n-----END CERTIFICATE-----\n'],
  ['a certificate and the start of one', (ca: string) => `${ca}${ca.slice(0, 200)}`],
  ['a certificate that is cut off', (ca: string) => ca.replace(/[A-Za-z0-9+/=\n]{80}-----END/, '-----END')],
  [
    'a certificate and one that is not',
    (ca: string) => `${ca}-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n`,
  ],
])('the value of the operator is %s: a problem that does not quote it', async (_, makeValue) => {
  const { trustAuthorities } = await import('../../../../src/aws/connections/trust.ts');
  const problem = trustAuthorities(makeValue((await makeCertificate()).ca));
  expect(problem).toMatchObject({ code: 'AWS_UNAVAILABLE', subject: 'SECRETS_INJECTOR_CA_BUNDLE' });
  expect(JSON.stringify(problem)).not.toContain('canary');
});
