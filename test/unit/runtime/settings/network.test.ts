/** The operator's settings for the network of the fetcher, up to the variables of the pod. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCaBundle } from '../../../../src/runtime/settings/ca-bundle.ts';
import {
  checkInjection,
  INJECTION_SETTINGS,
  injectionSettings,
} from '../../../../src/runtime/settings/injection.ts';
import { readSettings } from '../../../../src/runtime/settings/settings.ts';
import { makeCertificate, type TlsMaterial } from '../../../aws-fake/certificates.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'ca-bundle-'));
const FILE = path.join(directory, 'ca.pem');
let material: TlsMaterial;
beforeAll(async () => {
  material = await makeCertificate();
});
afterAll(() => rmSync(directory, { recursive: true }));

function settingsOf(...argv: readonly string[]) {
  return readSettings(INJECTION_SETTINGS, ['--image=a/b:1', ...argv], {}, checkInjection);
}

function fetcherEnv(...argv: readonly string[]) {
  const result = settingsOf(...argv);
  if (result.kind !== 'settings') throw new TypeError(JSON.stringify(result));
  return injectionSettings(result.values).fetcherEnv;
}

describe('the proxy', () => {
  test('becomes variables of the fetcher', () => {
    expect(
      fetcherEnv(
        '--https-proxy=http://us$er:p%3A@proxy:3128',
        '--no-proxy= .svc, 10.0.0.0/8',
        '--fetcher-env=AWS_REGION=eu-west-1',
      ),
    ).toEqual([
      { name: 'AWS_REGION', value: 'eu-west-1' },
      // Kubernetes would expand a dollar sign with a name in parentheses.
      { name: 'SECRETS_INJECTOR_HTTPS_PROXY', value: 'http://us%24er:p%3A@proxy:3128/' },
      { name: 'SECRETS_INJECTOR_NO_PROXY', value: '.svc,10.0.0.0/8' },
    ]);
  });

  test.each([
    ['--https-proxy=https://canary:canary@proxy'],
    ['--https-proxy=canary:3128'],
    ['--https-proxy=http://proxy', '--no-proxy=http://x'],
    ['--no-proxy=.svc'],
    ['--fetcher-env=SECRETS_INJECTOR_HTTPS_PROXY=http://canary'],
    ['--fetcher-env=HTTPS_PROXY=http://canary'],
  ])('is rejected without its text: %s %s', (...argv) => {
    const result = settingsOf(...argv.filter((one) => one !== undefined));
    expect(result.kind).toBe('problems');
    expect(JSON.stringify(result)).not.toContain('canary');
  });
});

describe('the CA bundle', () => {
  test('becomes a variable of the fetcher, without comments and duplicates', () => {
    writeFileSync(FILE, `# our CA\n${material.ca}\nsecond:\r\n${material.ca.replaceAll('\n', '\r\n')}`);
    const [variable, ...others] = fetcherEnv(`--ca-bundle-file=${FILE}`) ?? [];
    expect(others).toEqual([]);
    expect(variable?.name).toBe('SECRETS_INJECTOR_CA_BUNDLE');
    expect(variable?.value.trim()).toBe(material.ca.replaceAll('\r', '').trim());
  });

  test('leaves out the public authorities, which the fetcher trusts in any case', () => {
    writeFileSync(FILE, [...tls.rootCertificates, material.ca].join('\n'));
    const read = readCaBundle(FILE);
    expect(read.ok && read.value.length).toBeLessThan(2000);
    writeFileSync(FILE, tls.rootCertificates.join('\n'));
    expect(fetcherEnv(`--ca-bundle-file=${FILE}`)).toEqual([]);
  });

  test.each<[string, (pem: TlsMaterial) => string, RegExp]>([
    ['empty', () => '', /does not consist of certificates/],
    ['text', () => 'canary', /does not consist of certificates/],
    ['a private key', ({ ca, key }) => `${ca}\n${key}`, /something other than certificates/],
    ['cut off', ({ ca }) => `${ca}${ca.slice(0, 100)}`, /does not consist of certificates/],
    ['not a certificate', () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /number 1/],
  ])('that is %s is rejected', (_name, content, says) => {
    writeFileSync(FILE, content(material));
    const result = settingsOf(`--ca-bundle-file=${FILE}`);
    expect(result).toMatchObject({ kind: 'problems', problems: [expect.stringMatching(says)] });
    expect(JSON.stringify(result)).not.toMatch(/canary|PRIVATE/);
  });

  test('that is too large is rejected', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(60)}.${index}.example`);
    writeFileSync(FILE, (await makeCertificate(names)).cert);
    expect(readCaBundle(FILE)).toMatchObject({ ok: false, problem: expect.stringContaining('64 KiB') });
    truncateSync(FILE, 2 ** 21);
    expect(readCaBundle(FILE)).toMatchObject({ ok: false, problem: 'is larger than 1 MiB' });
  });

  test.each(['missing', 'fifo', '.'])('that is no file is rejected: %s', (name) => {
    const file = path.join(directory, name);
    if (name === 'fifo') spawnSync('mkfifo', [file]);
    expect(readCaBundle(file)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/^(?:cannot|is not)/),
    });
  });
});

describe('the endpoint of traces', () => {
  test.each([
    'http://collector.observability:4318/v1/traces',
    'https://[::1]:4318/v1/traces',
    'https://collector.example/a/b-c_d~e',
  ])('becomes a variable of the fetcher: %s', (url) => {
    expect(fetcherEnv(`--traces-endpoint=${url}`)).toEqual([
      { name: 'SECRETS_INJECTOR_TRACES_ENDPOINT', value: url },
    ]);
  });

  test('is not set by an empty variable, as the ConfigMap of the guard has it', () => {
    const env = { SECRETS_INJECTOR_TRACES_ENDPOINT: '' };
    const result = readSettings(INJECTION_SETTINGS, ['--image=a/b:1'], env, checkInjection);
    expect(result).toMatchObject({ kind: 'settings', values: { 'traces-endpoint': undefined } });
  });

  test.each([
    ['without a path', 'http://collector:4318'],
    ['with credentials', 'https://user:canary-password@collector/v1/traces'],
    ['with a query', 'https://collector/v1/traces?key=canary-password'],
    ['with a fragment', 'https://collector/v1/traces#canary-password'],
    ['with a variable of Kubernetes', 'http://$(HOST_IP):4318/v1/traces'],
    ['with a comma, which separates variables in the ConfigMap of the guard', 'http://collector/a,b'],
    ['with a blank', 'http://collector/v1/ traces'],
    ['of another protocol', 'grpc://collector:4317/v1/traces'],
    ['that is a host', 'collector:4318'],
    ['that is too long', `http://collector/${'x'.repeat(1024)}`],
  ])('is not a URL %s, and is not quoted', (_name, url) => {
    const result = settingsOf(`--traces-endpoint=${url}`);
    expect(result).toMatchObject({
      kind: 'problems',
      problems: [expect.stringMatching(/^--traces-endpoint: .*\/v1\/traces, without credentials/)],
    });
    expect(JSON.stringify(result)).not.toContain('canary-password');
  });
});
