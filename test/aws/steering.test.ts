/**
 * Variables and signals that other webhooks or a neighbor could give the injected containers, with values whose effect
 * would be seen: both programs run without it, or end with a code that names the variable.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACTS_BEFORE_START, CLEARED, steeringOf } from '../../src/core/names/steering-variables.ts';
import { FETCH_CODES } from '../../src/core/problems/fetch-codes.ts';
import { makeCertificate, type StandIn, startStandIn } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { BUILT_EXECUTABLE } from '../fetcher/bundle.ts';
import { CANARY } from '../fetcher/canary.ts';
import { arnOf, onePlan } from '../fetcher/plans.ts';
import { lineOf } from '../fetcher/run-line.ts';

const ARN = arnOf('shop/canary');
const STEERED = FETCH_CODES.ENVIRONMENT_STEERED.exit;

let aws: AwsStage;
let stranger: StandIn;
beforeAll(async () => {
  aws = await makeAwsStage();
  stranger = await startStandIn({ tls: await makeCertificate() });
});
beforeEach(async () => {
  await aws.reset();
  rmSync(evidence(), { recursive: true, force: true });
  aws.standIn.putSecret({ arn: ARN, value: CANARY });
});
afterAll(async () => {
  await aws.stop();
  await stranger.stop();
});

/** A file that only an effect of a variable creates, and others that hostile values point to. */
const evidence = () => aws.stage.inRoot('/evidence');
const hostile = (name: string, content: string): string => {
  const file = aws.stage.inRoot(`/${name}`);
  writeFileSync(file, content);
  return file;
};
const writesEvidence = () =>
  `process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(evidence())}, 'x');`;

/** Each variable with a value that would do harm. */
const HOSTILE: Readonly<Record<string, () => string>> = {
  NODE_OPTIONS: () =>
    `--require=${hostile('require.cjs', writesEvidence())} --import=data:text/javascript,${encodeURIComponent(writesEvidence())}`,
  NODE_TLS_REJECT_UNAUTHORIZED: () => '0',
  NODE_EXTRA_CA_CERTS: () => {
    const fifo = aws.stage.inRoot('/fifo');
    if (!existsSync(fifo)) execFileSync('mkfifo', [fifo]);
    return fifo;
  },
  NODE_V8_COVERAGE: () => evidence(),
  NODE_COMPILE_CACHE: () => evidence(),
  NODE_REDIRECT_WARNINGS: () => evidence(),
  NODE_DEBUG: () => '*',
  NODE_DEBUG_NATIVE: () => '*',
  NODE_ICU_DATA: () => '/nowhere',
  NODE_PATH: () => aws.stage.root,
  NODE_PENDING_DEPRECATION: () => '1',
  NODE_REPL_EXTERNAL_MODULE: () => hostile('repl.cjs', writesEvidence()),
  NODE_REPL_HISTORY: () => evidence(),
  NODE_TEST_CONTEXT: () => 'child-v8',
  NODE_UNIQUE_ID: () => '1',
  NODE_CHANNEL_FD: () => '1',
  NODE_USE_ENV_PROXY: () => '1',
  NODE_USE_SYSTEM_CA: () => '1',
  OPENSSL_CONF: () =>
    hostile(
      'openssl.cnf',
      'nodejs_conf = n\n[n]\nssl_conf = s\nproviders = p\n[s]\nsystem_default = d\n[d]\nCipherString = NONE\n[p]\nx = x\n[x]\nactivate = 1\nmodule = /nowhere.so\n',
    ),
  OPENSSL_MODULES: () => aws.stage.root,
  OPENSSL_ia32cap: () => '~0x200000200000000',
  SSL_CERT_FILE: () => hostile('stranger.pem', stranger.caPem),
  SSL_CERT_DIR: () => aws.stage.root,
  SSLKEYLOGFILE: () => evidence(),
  UV_THREADPOOL_SIZE: () => '0',
  UV_USE_IO_URING: () => '1',
  MALLOC_PERTURB_: () => '255',
  RES_OPTIONS: () => 'ndots:15',
  LOCALDOMAIN: () => 'example.invalid',
  LD_PRELOAD: () => '/nowhere.so',
  LD_AUDIT: () => '/nowhere.so',
  LD_DEBUG: () => 'statistics',
  LD_LIBRARY_PATH: () => aws.stage.root,
  GCONV_PATH: () => aws.stage.root,
  GLIBC_TUNABLES: () => 'glibc.malloc.check=3',
  HOSTALIASES: () => hostile('aliases', 'localhost stranger.invalid'),
  LOCPATH: () => aws.stage.root,
  RESOLV_HOST_CONF: () => hostile('host.conf', 'multi on'),
};
/** Node.js ends with a message of its own, which names the variable. */
const ENDS_IN_NODE = new Set(['NODE_REPL_EXTERNAL_MODULE']);

function isRejected(name: string): boolean {
  return steeringOf(name) === 'refused' && !ENDS_IN_NODE.has(name);
}

it('the list has no entry without a hostile value', () => {
  const without = [...ACTS_BEFORE_START, ...CLEARED].filter(
    (entry) =>
      !Object.keys(HOSTILE).some((name) => name === entry || name.startsWith(entry.replace('*', ''))),
  );
  expect(without).toEqual([]);
});

describe.each(Object.keys(HOSTILE))('%s', (name) => {
  it('in the fetcher', async () => {
    const value = HOSTILE[name]?.() ?? '';
    const finished = await aws.stage.run(onePlan(ARN), { [name]: value });
    if (isRejected(name)) {
      expect(finished.code).toBe(STEERED);
      expect(finished.termination).toMatch(new RegExp(`^ENVIRONMENT_STEERED ${name}: `));
      expect(aws.standIn.requests).toEqual([]);
    } else if (ENDS_IN_NODE.has(name)) {
      expect(finished.code).not.toBe(0);
      expect(finished.stderr).toContain(name);
      expect(aws.standIn.requests).toEqual([]);
    } else {
      expect(finished).toMatchObject({ code: 0, stderr: '', termination: '' });
      expect(finished.stdout).toMatch(/^wrote 1 file from 1 secret in \d+ ms\n/);
      expect(lineOf(finished).outcome).toBe('wrote');
      expect(aws.stage.read('value').toString()).toBe(CANARY);
      expect(existsSync(evidence())).toBe(false);
    }
  });

  it('in the kubelet check', () => {
    const value = HOSTILE[name]?.() ?? '';
    mkdirSync(aws.stage.inRoot('/dev'), { recursive: true });
    const { status, stdout, stderr } = spawnSync(BUILT_EXECUTABLE, ['check', '--root', aws.stage.root], {
      env: { SECRETS_INJECTOR_PROBE: 'ok', NODE_NAME: 'node-1', [name]: value },
      encoding: 'utf8',
    });
    if (isRejected(name)) {
      expect(status).toBe(STEERED);
      expect(stderr).toContain(`ENVIRONMENT_STEERED ${name}: `);
    } else if (ENDS_IN_NODE.has(name)) {
      expect(status).not.toBe(0);
      expect(stderr).toContain(name);
    } else {
      expect([status, stdout, stderr]).toEqual([0, '', '']);
      expect(existsSync(evidence())).toBe(false);
    }
  });
});

describe('a certificate of a stranger is refused', () => {
  it.each([
    ['alone', {}],
    ['with NODE_TLS_REJECT_UNAUTHORIZED', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['with its CA in NODE_EXTRA_CA_CERTS', { NODE_EXTRA_CA_CERTS: 'ca' }],
    ['with its CA in SSL_CERT_FILE', { NODE_USE_SYSTEM_CA: '1', SSL_CERT_FILE: 'ca' }],
    ['with options', { NODE_OPTIONS: '--use-openssl-ca', SSL_CERT_FILE: 'ca' }],
  ])('%s', async (_name, variables: Readonly<Record<string, string>>) => {
    const ca = hostile('stranger.pem', stranger.caPem);
    const given = Object.entries(variables).map(([name, value]) => [name, value === 'ca' ? ca : value]);
    const before = stranger.requests.length;
    const finished = await aws.stage.run(onePlan(ARN, 1), {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: stranger.url,
      ...Object.fromEntries(given),
    });
    expect(finished.code).toBe(FETCH_CODES.AWS_UNAVAILABLE.exit);
    expect(finished.termination).toMatch(/last failure: TLS: /);
    expect(stranger.requests.length).toBe(before);
  });
});

it('a certificate of a stranger is refused in a plain Node.js as well', async () => {
  const { termination } = await aws.stage.run(
    onePlan(ARN, 1),
    { AWS_ENDPOINT_URL_SECRETS_MANAGER: stranger.url, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    ['--no-warnings'],
  );
  expect(termination).toMatch(/last failure: TLS: /);
});

it('SIGUSR1 starts no debugger', async () => {
  aws.standIn.script('GetSecretValue', { kind: 'hang' });
  const child = spawn(BUILT_EXECUTABLE, ['fetch', '--root', aws.stage.root], {
    env: aws.stage.environment(onePlan(ARN)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  while (!aws.standIn.requests.some(({ operation }) => operation === 'GetSecretValue'))
    await new Promise((resolve) => setImmediate(resolve));
  const threads = () => readdirSync(`/proc/${child.pid}/task`).length;
  const before = threads();
  child.kill('SIGUSR1');
  child.kill('SIGTERM');
  const during = threads();
  await once(child, 'close');
  expect(during).toBeLessThanOrEqual(before);
  expect(stderr).not.toMatch(/debugger/i);
  expect(stderr).toContain('FETCH_TERMINATED');
});

it('a hostile value would be seen: the same program in a plain Node.js shows each effect', async () => {
  const flags = ['--no-warnings'];
  const code = await aws.stage.run(onePlan(ARN), { NODE_OPTIONS: HOSTILE['NODE_OPTIONS']?.() }, flags);
  expect([code.code, existsSync(evidence())]).toEqual([0, true]);
  const cut = await aws.stage.run(onePlan(ARN, 1), { OPENSSL_CONF: HOSTILE['OPENSSL_CONF']?.() }, flags);
  expect(cut.code).not.toBe(0);
});
