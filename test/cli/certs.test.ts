import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../image/built-image.ts';
import { bundleCli, runCli } from './program.ts';

const NAME = 'aws-secrets-injector.aws-secrets-injector.svc';
let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-certs-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

it('makes a chain that a strict TLS client accepts, with private keys for the owner alone', async () => {
  const { code, stdout, stderr } = await runCli(cli, [
    'certs',
    '--out',
    folder,
    '--days',
    '30',
    '--name',
    'extra.example',
  ]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(NAME);
  expect(readdirSync(folder).toSorted()).toEqual([
    'ca-bundle.yaml',
    'ca.crt',
    'ca.key',
    'tls.crt',
    'tls.key',
  ]);
  for (const name of ['ca.key', 'tls.key'])
    expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
  const leaf = new X509Certificate(read('tls.crt'));
  const ca = new X509Certificate(read('ca.crt'));
  expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
  expect([ca.ca, leaf.ca]).toEqual([true, false]);
  for (const name of [NAME, `${NAME}.cluster.local`, 'extra.example'])
    expect(leaf.checkHost(name)).toBe(name);
  expect(new Date(leaf.validFrom).getTime()).toBeLessThan(Date.now() - 30 * 60 * 1000);
  expect(await handshake(NAME)).toBe(true);
});

it('writes a patch that gives the API server the CA', () => {
  const registration = parse(
    readFileSync(path.join(ROOT, 'manifests/base/mutating-webhook-configuration.yaml'), 'utf8'),
  ) as { webhooks: unknown[] };
  expect(parse(read('ca-bundle.yaml'))).toEqual(
    registration.webhooks.map((_, index) => ({
      op: 'add',
      path: `/webhooks/${index}/clientConfig/caBundle`,
      value: Buffer.from(read('ca.crt')).toString('base64'),
    })),
  );
});

it('does not replace a CA unless told to, and renews with the CA that is there', async () => {
  const before = [read('ca.crt'), read('ca.key'), read('tls.crt')];
  const refused = await runCli(cli, ['certs', '--out', folder]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('--renew');
  expect([read('ca.crt'), read('ca.key'), read('tls.crt')]).toEqual(before);
  expect((await runCli(cli, ['certs', '--out', folder, '--renew'])).code).toBe(0);
  expect([read('ca.crt'), read('ca.key')]).toEqual(before.slice(0, 2));
  expect(read('tls.crt')).not.toBe(before[2]);
  expect(await handshake(NAME)).toBe(true);
  expect((await runCli(cli, ['certs', '--out', folder, '--force'])).code).toBe(0);
  expect(read('ca.crt')).not.toBe(before[0]);
});

it('leaves no half of a set where it cannot write, and says why', async () => {
  const file = path.join(folder, 'plain-file');
  writeFileSync(file, '');
  const { code, stderr } = await runCli(cli, ['certs', '--out', path.join(file, 'below')]);
  expect(code).toBe(1);
  expect(stderr).toContain('ENOTDIR');
});

it('does not renew with a CA that is no CA', async () => {
  const empty = path.join(folder, 'nothing');
  expect((await runCli(cli, ['certs', '--out', empty, '--renew'])).stderr).toContain(
    'does not contain a valid ca.crt',
  );
});

/** A handshake in which the client trusts the CA alone. */
function handshake(servername: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = tls.createServer({ cert: read('tls.crt'), key: read('tls.key') }, (socket) =>
      socket.end(),
    );
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      const socket = tls.connect({ host: '127.0.0.1', port, ca: read('ca.crt'), servername }, () => {
        resolve(socket.authorized);
        socket.end();
        server.close();
      });
      socket.on('error', reject);
    });
  });
}
