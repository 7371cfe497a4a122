import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { deployment, externalSecret, store } from '../migrate/migrated.ts';
import { bundleCli, runCli } from './program.ts';

const SOURCES = `${store()}${externalSecret('data: [{ secretKey: a, remoteRef: { key: app, property: a } }]')}`;
const POD = deployment('env: [{ name: A, valueFrom: { secretKeyRef: { name: made, key: a } } }]');
const LISTING = JSON.stringify({
  SecretList: [{ Name: 'app', ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf' }],
});
/** In Secrets and variables of the manifests: no output may contain it, except for the manifests themselves. */
const CANARY = 'canary-5f1d';

let cli: string;
let folder: string;
let file: (name: string, text?: string) => string;
beforeAll(async () => {
  cli = await bundleCli();
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-migrate-'));
  file = (name, text) => {
    const at = path.join(folder, name);
    if (text !== undefined) writeFileSync(at, text);
    return at;
  };
  return () => rmSync(folder, { recursive: true });
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

const migrate = (args: readonly string[], input = '') => runCli(cli, ['migrate', ...args], input);

it('reads standard input and prints the manifests, with the report on standard error', async () => {
  const { code, stdout, stderr } = await migrate(['--account', '111122223333'], SOURCES + POD);
  expect(code).toBe(0);
  expect(stdout).toContain('secrets-injector.dev/env.A');
  expect(stdout).not.toContain('secretKeyRef');
  expect(stderr).toContain(
    '6 carried, 1 changed, 0 not carried\n\nNext steps:\n1. kubectl label namespace shop',
  );
});

it('changes files that are apart, with complete ARNs', async () => {
  const [sources, pod] = [file('sources.yaml', SOURCES), file('web.yaml', POD)];
  const report = file('report.md');
  const args = [
    '-f',
    folder,
    '--resolve',
    file('list.txt', LISTING),
    '--write',
    '--report',
    report,
    '--report-format',
    'markdown',
  ];
  const { code, stdout, stderr } = await migrate(args);
  expect([code, stdout, stderr]).toEqual([0, '', '']);
  expect(readFileSync(sources, 'utf8')).toBe(SOURCES);
  expect(readFileSync(pod, 'utf8')).toContain('secret:app-AbCdEf');
  expect(readFileSync(report, 'utf8')).toMatch(/^# Migration: 7 carried, 0 changed, 0 not carried\n/);
  const again = await migrate([...args.slice(0, 4), '--diff']);
  expect([again.code, again.stdout]).toEqual([1, '']);
  expect(again.stderr).toContain('no pod in these manifests uses it');
});

it('prints the report in JSON', async () => {
  const { stderr } = await migrate(['--account', '111122223333', '--report-format', 'json'], SOURCES + POD);
  const report = JSON.parse(stderr) as { entries: readonly object[]; nextSteps: readonly string[] };
  expect(report.entries).toContainEqual({
    object: 'Deployment/shop/web',
    field: 'container app, env A',
    fate: 'carried',
    what: 'key "a" of arn:aws:secretsmanager:eu-west-1:111122223333:secret:app',
  });
  expect(report.nextSteps).toHaveLength(4);
});

it('exits with 1 if something is not carried, and prints what is', async () => {
  const { code, stdout, stderr } = await migrate([], SOURCES + POD);
  expect(code).toBe(1);
  expect(stdout).toBe(SOURCES + POD);
  expect(stderr).toContain('the account of the secret "app" is not known; set --account, or --resolve');
});

it.each([
  [['--account', '1'], 2, '12 digits'],
  [['--region', 'x'], 2, 'Region'],
  [['--write'], 2, '--write needs files'],
  [['--write', '--diff', '-f', 'a.yaml'], 2, '--write and --diff exclude each other'],
  [['--resolve', '/nowhere'], 2, 'cannot be read (ENOENT)'],
  [['-f', '/nowhere.yaml'], 1, 'cannot be read (ENOENT)'],
])('%j ends with %i', async (args, expected, message) => {
  const { code, stdout, stderr } = await migrate(args);
  expect([code, stdout]).toEqual([expected, '']);
  expect(stderr).toContain(message);
});

it.each([
  ['not JSON', 'is not JSON'],
  ['{"SecretList":[{"Name":"a"}]}', 'is not the output of aws secretsmanager list-secrets'],
  ['{}', 'is not the output of aws secretsmanager list-secrets'],
])('refuses the listing %s', async (text, message) => {
  const { code, stderr } = await migrate(['--resolve', file('list.json', text)], SOURCES + POD);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

it('writes nothing if one of several files cannot be read', async () => {
  const [pod] = [file('a.yaml', SOURCES + POD), file('b.yaml', 'a: [\n')];
  const { code, stderr } = await migrate(['-f', folder, '--account', '111122223333', '--write']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/b\.yaml:\d+:\d+: kubectl cannot read it/);
  expect(readFileSync(pod ?? '', 'utf8')).toBe(SOURCES + POD);
});

it('quotes no value of the manifests in the report', async () => {
  const secret = `apiVersion: v1
kind: Secret
metadata: { name: plain, namespace: shop }
stringData: { a: ${CANARY} }
---
`;
  const pod = deployment(`env:
  - { name: A, valueFrom: { secretKeyRef: { name: made, key: a } } }
  - { name: B, value: ${CANARY} }
  - { name: C, valueFrom: { secretKeyRef: { name: plain, key: a } } }
`);
  for (const format of ['text', 'markdown', 'json']) {
    const report = file('report');
    const { stderr } = await migrate(['--report', report, '--report-format', format], secret + SOURCES + pod);
    expect(existsSync(report)).toBe(true);
    expect(readFileSync(report, 'utf8') + stderr).not.toContain(CANARY);
  }
});
