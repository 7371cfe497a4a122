/** The checks that ask other machines: certificates against real TLS servers, the issuer, AWS, and clocks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { certificates } from '../../../../src/cli/doctor/checks/certificates.ts';
import { clock } from '../../../../src/cli/doctor/checks/clock.ts';
import { issuer } from '../../../../src/cli/doctor/checks/issuer.ts';
import { endpoints } from '../../../../src/cli/doctor/checks/regions.ts';
import { makeNetwork } from '../../../../src/cli/doctor/network.ts';
import type { ApiAnswer, ApiQuestion } from '../../../../src/kubernetes/api-client.ts';
import type { Answer } from '../../../../src/runtime/answer.ts';
import type { PemPair } from '../../../../src/runtime/certificate.ts';
import { makeAuthority, makeLeaf } from '../../../../src/runtime/x509.ts';
import {
  answer,
  type FakeContext,
  FORBIDDEN,
  type Json,
  linesOf,
  list,
  NOW,
  registered,
  workload,
} from './fake-cluster.ts';

const REGISTRATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const NAME = 'aws-secrets-injector.aws-secrets-injector.svc';
const DAY = 24 * 3600 * 1000;

describe('certificates', () => {
  let authority: PemPair;
  let other: PemPair;
  let folder: string;
  beforeAll(async () => {
    [authority, other] = await Promise.all([makeCa(), makeCa()]);
    folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-doctor-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const makeCa = (lifetime = 365 * DAY) => makeAuthority({ issuedAt: Date.now(), lifetime });
  const leafOf = (names = [NAME], lifetime = 7 * DAY) =>
    makeLeaf(authority, names, { issuedAt: Date.now(), lifetime });

  /** Old tools write only the common name. */
  async function leafWithoutNames(): Promise<PemPair> {
    const made = await generate([{ name: 'commonName', value: NAME }], {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      ca: authority,
      extensions: [{ name: 'extKeyUsage', serverAuth: true }],
    });
    return { cert: made.cert, key: made.private };
  }

  /** Serves a certificate. @returns the port */
  async function serve({ cert, key }: PemPair): Promise<number> {
    const server: Server = createServer({ cert, key }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  }

  /** A kubectl that forwards to a port, or fails. */
  function kubectl(body: string): string {
    const file = path.join(folder, `kubectl-${Math.random()}`);
    writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return file;
  }

  async function check(
    caBundle: string,
    forward: string,
    more: FakeContext = {},
  ): Promise<readonly string[]> {
    return await linesOf(certificates, {
      answers: { [REGISTRATIONS]: list(registered(caBundle)) },
      network: makeNetwork([kubectl(forward)]),
      now: Date.now,
      ...more,
    });
  }

  /** Checks a server that kubectl forwards to. */
  async function served(pair: PemPair, caBundle: string): Promise<readonly string[]> {
    const port = await serve(pair);
    return await check(caBundle, `echo "Forwarding from 127.0.0.1:${port} -> 8443"; exec sleep 60`);
  }

  it('trusts what caBundle and the name allow, and one of several CAs is enough', async () => {
    const [line, ...more] = await served(await leafOf(), `${other.cert}\n${authority.cert}`);
    expect(line).toMatch(
      new RegExp(`^ok the API server trusts the certificate for ${NAME}, valid until \\d{4}-`),
    );
    expect(more).toEqual([]);
  });

  it('trusts a self-signed certificate in caBundle', async () => {
    const leaf = await leafOf();
    // As Go does: the certificate itself ends the chain.
    expect((await served(leaf, leaf.cert))[0]).toMatch(/^ok /);
  });

  it.each<[string, () => Promise<PemPair>, () => string, string]>([
    ['another CA', leafOf, () => other.cert, 'caBundle does not contain its CA'],
    [
      'another name',
      () => leafOf(['other.default.svc']),
      () => authority.cert,
      'it is not valid for this name',
    ],
    [
      'no name but the common name',
      leafWithoutNames,
      () => authority.cert,
      'it has no subject alternative name',
    ],
    ['an expired certificate', () => leafOf([NAME], -1000), () => authority.cert, 'it has expired'],
  ])('fails for %s', async (_, leaf, bundle, why) => {
    const [line] = await served(await leaf(), bundle());
    expect(line).toContain(`fail the API server does not trust the certificate for ${NAME}: ${why}`);
  });

  it('warns about a certificate that should have been renewed', async () => {
    const [line] = await served(await leafOf([NAME], 60_000), authority.cert);
    expect(line).toMatch(/^warn the certificate for .* expires soon, /);
  });

  it('judges caBundle without a server', async () => {
    expect(await check('no PEM', 'exit 1')).toEqual([
      'fail caBundle does not consist of certificates in PEM',
    ]);
    const old = await makeCa(-1000);
    expect(await check(old.cert, 'exit 1')).toEqual(['fail every certificate of caBundle has expired']);
    expect(await served(await leafOf(), `${old.cert}\n${authority.cert}`)).toEqual([
      expect.stringMatching(/^ok /),
      'warn caBundle contains 1 expired certificate',
    ]);
  });

  it('says why the server cannot be reached from here', async () => {
    const forbidden = 'echo "Error from server (Forbidden): pods is forbidden" >&2; exit 1';
    expect(await check(authority.cert, forbidden)).toEqual([
      'skipped needs the right to create pods/portforward in aws-secrets-injector',
    ]);
    expect((await check(authority.cert, 'echo "error: no pods" >&2; exit 1'))[0]).toMatch(
      new RegExp(
        `^skipped ${NAME} is not reachable from here \\(.* ended with exit code 1: error: no pods\\)`,
      ),
    );
    const inPod = {
      isInPod: true,
      network: { peer: async () => ({ ok: false, problem: 'ECONNREFUSED' }) as const },
    };
    expect((await check(authority.cert, 'exit 1', inPod))[0]).toContain(
      'not reachable from here (ECONNREFUSED)',
    );
    expect(await linesOf(certificates, {})).toEqual(['skipped no registration with a caBundle']);
  });

  it('connects to a URL directly', async () => {
    const port = await serve(await leafOf(['localhost']));
    const { metadata, webhooks } = registered(authority.cert);
    const atUrl = webhooks.map((one) => {
      const { caBundle } = one['clientConfig'] as { caBundle: string };
      return { ...one, clientConfig: { url: `https://localhost:${port}/mutate`, caBundle } };
    });
    const answers = { [REGISTRATIONS]: list({ metadata, webhooks: atUrl }) };
    const [line] = await linesOf(certificates, {
      answers,
      network: makeNetwork(['/nowhere']),
      now: Date.now,
    });
    expect(line).toMatch(/^ok the API server trusts the certificate for localhost/);
  });
});

function received(body: unknown, status = 200, date = NOW): Answer {
  const headers = { date: new Date(date).toUTCString() };
  return { ok: true, status, headers, body: Buffer.from(JSON.stringify(body)), peer: undefined };
}

describe('oidc-issuer', () => {
  const ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC';
  const JWKS = `${ISSUER}/keys`;
  const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`;
  const keys = (...ids: readonly string[]) => ({ keys: ids.map((kid) => ({ kid })) });

  async function check(
    published: Readonly<Record<string, Answer>>,
    name = ISSUER,
  ): Promise<readonly string[]> {
    const answers = {
      '/.well-known/openid-configuration': answer({ issuer: name }),
      // As the API server does.
      '/openid/v1/jwks': ({ accept }: ApiQuestion): ApiAnswer =>
        accept === 'application/jwk-set+json' ? answer(keys('a', 'b')) : { kind: 'refused', status: 406 },
    };
    const get = async (url: URL) => published[url.href] ?? ({ ok: false, code: 'ENOTFOUND' } as const);
    return await linesOf(issuer, { answers, network: { get } });
  }
  const PUBLISHED = received({ issuer: ISSUER, jwks_uri: JWKS });

  it.each<[string, Readonly<Record<string, Answer>>, string]>([
    [
      'publishes the keys',
      { [DISCOVERY]: PUBLISHED, [JWKS]: received(keys('b', 'a', 'c')) },
      `ok ${ISSUER} publishes all 2 keys of the API server`,
    ],
    [
      'lacks a key',
      { [DISCOVERY]: PUBLISHED, [JWKS]: received(keys('a')) },
      `fail ${ISSUER} does not publish 1 key of the API server`,
    ],
    [
      'has another name',
      { [DISCOVERY]: received({ issuer: 'https://x.example' }) },
      `fail the issuer ${ISSUER} publishes another name`,
    ],
    ['is not reachable', {}, `warn ${DISCOVERY} is not reachable from this machine (ENOTFOUND)`],
    [
      'answers with an error',
      { [DISCOVERY]: received({}, 403) },
      `fail ${DISCOVERY} answers with status 403`,
    ],
    [
      'sends its keys elsewhere',
      { [DISCOVERY]: received({ issuer: ISSUER, jwks_uri: 'http://10.0.0.1/' }) },
      'fail http://10.0.0.1/ is not an address that AWS can reach',
    ],
  ])('%s', async (_, published, expected) => {
    const [line] = await check(published);
    expect(line).toContain(expected);
  });

  it('is not public', async () => {
    expect((await check({}, 'https://kubernetes.default.svc.cluster.local'))[0]).toMatch(
      /^skipped the issuer .* is not public/,
    );
    expect(await linesOf(issuer, { answers: { '/.well-known': FORBIDDEN } })).toEqual([
      'skipped needs the right to get /.well-known/openid-configuration',
    ]);
  });
});

const WORKLOADS = { '/apis/apps/v1/deployments': list(workload('web')) };
const get = (date: number) => async () => received({}, 302, date);

describe('aws-endpoints', () => {
  it('answer in the Regions of workloads and flags', async () => {
    expect(
      await linesOf(endpoints, { answers: WORKLOADS, regions: ['cn-north-1'], network: { get: get(NOW) } }),
    ).toEqual([
      'ok Secrets Manager and STS in cn-north-1 answer to this machine',
      'ok Secrets Manager and STS in eu-west-1 answer to this machine',
    ]);
  });

  it('says what fails, as a failure only in a pod', async () => {
    const network = {
      resolve: async (host: string) =>
        host.startsWith('sts')
          ? ({ ok: false, problem: 'ENOTFOUND' } as const)
          : ({ ok: true, value: [] } as const),
      get: async () => ({ ok: false, code: 'SELF_SIGNED_CERT_IN_CHAIN' }) as const,
    };
    const expected =
      'the certificate of secretsmanager.eu-west-1.amazonaws.com is not trusted (SELF_SIGNED_CERT_IN_CHAIN): a proxy may inspect TLS; the name sts.eu-west-1.amazonaws.com is not resolved (ENOTFOUND)';
    expect(await linesOf(endpoints, { answers: WORKLOADS, network })).toEqual([
      `warn eu-west-1, from this machine: ${expected}`,
    ]);
    expect(await linesOf(endpoints, { answers: WORKLOADS, network, isInPod: true })).toEqual([
      `fail eu-west-1, from this pod: ${expected}`,
    ]);
  });

  it('need a Region', async () => {
    expect(await linesOf(endpoints, {})).toEqual(['skipped no workload names a Region']);
    const answers = { '/apis/apps/v1/deployments': FORBIDDEN };
    expect(await linesOf(endpoints, { answers })).toEqual(['skipped needs the right to list deployments -A']);
  });
});

it.each<[string, number, number, readonly string[]]>([
  [
    'agree',
    1000,
    -1000,
    [
      'ok the clocks of the API server and of this machine agree',
      'ok the clocks of the API server and of AWS agree',
    ],
  ],
  [
    'of this machine is wrong',
    -60_000,
    -60_000,
    [
      'warn the clock of the API server is 60 s behind that of this machine',
      'ok the clocks of the API server and of AWS agree',
    ],
  ],
  [
    'of the API server is wrong',
    400_000,
    0,
    [
      'fail the clock of the API server is 400 s ahead of that of this machine: AWS rejects requests of such machines',
      'fail the clock of the API server is 400 s ahead of that of AWS: AWS rejects requests of such machines',
    ],
  ],
])('clock: they %s', async (_, server, aws, expected) => {
  const answers = { ...WORKLOADS, '/version': answer({}, NOW + server) };
  expect(await linesOf(clock, { answers, network: { get: get(NOW + aws) } })).toEqual(expected);
});

it('clock: AWS or the API server do not answer', async () => {
  expect(await linesOf(clock, { answers: { '/version': answer({}) } })).toEqual([
    'ok the clocks of the API server and of this machine agree',
    'skipped AWS: no answer with the time',
  ]);
  const silent: Json = { kind: 'answer', json: {} };
  expect(await linesOf(clock, { answers: { '/version': silent as never } })).toEqual([
    'skipped the API server does not tell the time',
  ]);
});
