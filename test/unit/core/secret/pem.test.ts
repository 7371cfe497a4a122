/** PEM bundles as OpenSSL and its kind write them, split, and used by a real TLS server and client. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it } from 'vitest';
import { failed } from '../../../../src/core/problems/result.ts';
import { type PemPart, pickPem } from '../../../../src/core/secret/pem.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';

let authority: { readonly cert: string; readonly private: string };
let leaf: { readonly cert: string; readonly private: string };

beforeAll(async () => {
  const common = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
  authority = await generate([{ name: 'commonName', value: 'authority' }], {
    ...common,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  });
  leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
});

function pick(text: string, part: PemPart): string {
  const picked = pickPem(new SecretValue(text), part);
  return picked.ok ? (picked.value.revealText() ?? '') : `fault: ${picked.problem}`;
}

const ended = (pem: string): string => `${pem.trim()}\n`;
const certificate = (): string => leaf.cert.trim();

describe('a bundle of key, certificate and authority', () => {
  it.each(['\n', '\r\n'])('serves TLS when split (line ends %j)', async (lineEnd) => {
    const bundle = [
      'Bag Attributes\n    friendlyName: shop\nsubject=CN = localhost',
      leaf.private.trim(),
      'subject=CN = localhost\n\nissuer=CN = authority',
      certificate(),
      authority.cert.trim(),
    ]
      .join('\n')
      .replace(/\r?\n/g, lineEnd);
    const server = tls.createServer(
      { key: pick(bundle, 'private-key'), cert: pick(bundle, 'certificates') },
      (socket) => socket.end('served'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const client = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert });
      const [served] = (await once(client, 'data')) as [Buffer];
      expect(served.toString()).toBe('served');
      expect(client.getPeerX509Certificate()?.subject).toBe('CN=localhost');
      client.destroy();
    } finally {
      server.close();
    }
  });

  it('leaves out comments between blocks, also lines of hyphens', () => {
    const bundle = `----- my certificate -----\n----------\n${ended(leaf.cert)}----------\n`;
    expect(pick(bundle, 'certificates')).toBe(ended(leaf.cert));
  });

  it('drops byte order marks, which editors write at the start of each file', () => {
    const bundle = `\ufeff${ended(leaf.private)}\ufeff${ended(leaf.cert)}\ufeff${ended(authority.cert)}`;
    expect(pick(bundle, 'certificates')).toBe(ended(leaf.cert) + ended(authority.cert));
    expect(pick(bundle, 'private-key')).toBe(ended(leaf.private));
  });

  it('keeps blocks byte for byte and in order, and ends each with a line feed', () => {
    const crlf = certificate().replaceAll('\n', '\r\n');
    const bundle = `${authority.cert.trim()}\n${leaf.private.trim()}\n${crlf}`;
    expect(pick(bundle, 'certificates')).toBe(`${ended(authority.cert)}${crlf}\n`);
    expect(pick(bundle, 'private-key')).toBe(ended(leaf.private));
  });
});

describe('every kind of private key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const secret = { cipher: 'aes-256-cbc', passphrase: 'p' };
  const keys = {
    'PRIVATE KEY': rsa.export({ format: 'pem', type: 'pkcs8' }),
    'RSA PRIVATE KEY': rsa.export({ format: 'pem', type: 'pkcs1' }),
    'EC PRIVATE KEY': ec.export({ format: 'pem', type: 'sec1' }),
    'ENCRYPTED PRIVATE KEY': rsa.export({ format: 'pem', type: 'pkcs8', ...secret }),
    'RSA PRIVATE KEY, encrypted with headers': rsa.export({ format: 'pem', type: 'pkcs1', ...secret }),
  };

  it.each(Object.entries(keys))('%s', (label, key) => {
    expect(key).toContain(`-----BEGIN ${label.split(',')[0]}-----`);
    for (const text of [String(key), String(key).replaceAll('\n', '\r\n')]) {
      const picked = pick(`${certificate()}\n${text}`, 'private-key');
      expect(picked).toBe(text);
      expect(createPrivateKey({ key: picked, passphrase: 'p' }).type).toBe('private');
    }
  });

  it('leaves parameters of a curve out', () => {
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const key = String(keys['EC PRIVATE KEY']);
    expect(pick(`${parameters}${key}`, 'private-key')).toBe(key);
  });
});

describe('what is wrong', () => {
  const cases: readonly (readonly [string, () => string, PemPart, string])[] = [
    ['nothing', () => '', 'certificates', 'contains no PEM certificate'],
    ['other text', () => 'hello', 'private-key', 'contains no PEM private key'],
    ['no key', () => certificate(), 'private-key', 'contains no PEM private key'],
    ['no certificate', () => leaf.private, 'certificates', 'contains no PEM certificate'],
    [
      'two keys',
      () => `${leaf.private}\n${authority.private}`,
      'private-key',
      'contains 2 private keys, not one',
    ],
    [
      'no end',
      () => certificate().replace(/-----END.*/, ''),
      'certificates',
      'contains a PEM block (CERTIFICATE) without its END line',
    ],
    [
      'a label that no file of PEM has',
      () => '-----BEGIN HUNTER2-----\n',
      'certificates',
      'contains a PEM block without its END line',
    ],
    [
      'a damaged block with such a label',
      () => '-----BEGIN HUNTER2-----\n-----END HUNTER2-----',
      'certificates',
      'contains a damaged PEM block',
    ],
    [
      'a block within a block',
      () => certificate().replace('\n', '\n-----BEGIN CERTIFICATE-----\n'),
      'certificates',
      'contains a PEM block (CERTIFICATE) without its END line',
    ],
    [
      'no begin',
      () => certificate().replace(/-----BEGIN.*\n/, ''),
      'certificates',
      'contains a PEM END line without its BEGIN line',
    ],
    [
      'another end',
      () => certificate().replace('END CERTIFICATE', 'END PRIVATE KEY'),
      'certificates',
      'contains a PEM END line without its BEGIN line',
    ],
    [
      'a character lost',
      () => certificate().replace(/[^\n]\n-----END/, '\n-----END'),
      'certificates',
      'contains a damaged PEM block (CERTIFICATE)',
    ],
    [
      'a foreign character',
      () => certificate().replace(/\nM/, '\n…'),
      'certificates',
      'contains a damaged PEM block (CERTIFICATE)',
    ],
    [
      'no body',
      () => '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----',
      'certificates',
      'contains a damaged PEM block (CERTIFICATE)',
    ],
    [
      'everything on one line',
      () => certificate().replaceAll('\n', ' '),
      'certificates',
      'contains PEM whose BEGIN and END are not on separate lines; line breaks were lost when it was stored',
    ],
    [
      'indentation',
      () => certificate().replaceAll(/^/gm, '  '),
      'certificates',
      'contains PEM with other characters around a BEGIN or END line; store it without indentation and quotes',
    ],
    [
      'quotes',
      () => `"${certificate()}"`,
      'certificates',
      'contains PEM with other characters around a BEGIN or END line; store it without indentation and quotes',
    ],
    [
      'backslashes in place of line breaks',
      () => certificate().replaceAll('\n', '\\n'),
      'certificates',
      'contains PEM with \\n instead of line breaks; store it as JSON text, or with real line breaks',
    ],
  ];
  it.each(cases)('%s', (_what, text, part, fault) => {
    expect(pickPem(new SecretValue(text()), part)).toEqual(failed(fault));
  });

  it('bytes that are no text', () => {
    expect(pickPem(new SecretValue(new Uint8Array([0x30, 0x82, 0xff])), 'certificates')).toEqual(
      failed('is not text'),
    );
  });
});
