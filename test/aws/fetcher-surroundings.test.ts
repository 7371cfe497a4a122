import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CACHED } from '../../scripts/shipped.ts';
import { makeCertificate, startStandIn } from '../aws-fake/index.ts';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { BUILT_EXECUTABLE } from '../fetcher/bundle.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { arnOf, onePlan, planOf } from '../fetcher/plans.ts';
import { TOKEN_FILE } from '../fetcher/stage.ts';

const ARN = arnOf('shop/canary');
const SOCKET = 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])';
let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putSecret({ arn: ARN, value: CANARY });
});
afterAll(() => aws.stop());

describe('identity', () => {
  it.each<[string, string | undefined]>([
    ['absent', undefined],
    ['empty', ''],
    ['blank', ' \n'],
    ['no token', 'two words'],
    ['longer than any token', 'x'.repeat(20_001)],
  ])('a token file that is %s', async (_name, content) => {
    if (content === undefined) rmSync(aws.stage.inRoot(TOKEN_FILE));
    else aws.stage.writeToken(content);
    const finished = await aws.stage.run(onePlan(ARN));
    expect(finished.code).toBe(10);
    expect(finished.termination).toMatch(/^IDENTITY_TOKEN_UNREADABLE AWS_WEB_IDENTITY_TOKEN_FILE: /);
    expect(aws.standIn.requests).toEqual([]);
  });

  it.each<[string, (file: string) => void]>([
    ['a FIFO that nobody writes to', (file) => execFileSync('mkfifo', [file])],
    ['a directory', (file) => mkdirSync(file)],
    ['a link to an endless device', (file) => symlinkSync('/dev/zero', file)],
    ['a link to a terminal', (file) => symlinkSync('/dev/ptmx', file)],
    ['a link to itself', (file) => symlinkSync(file, file)],
    ['a file of 8 GiB', (file) => truncateSync(file, 2 ** 33)],
    ['a socket', (file) => execFileSync('python3', ['-c', SOCKET, file])],
  ])('a token file that is %s', async (name, make) => {
    const file = aws.stage.inRoot(TOKEN_FILE);
    if (name !== 'a file of 8 GiB') rmSync(file);
    make(file);
    const finished = await aws.stage.run(onePlan(ARN));
    rmSync(file, { recursive: true });
    expect(finished.code).toBe(10);
    expect(finished.termination).toMatch(/^IDENTITY_TOKEN_UNREADABLE AWS_WEB_IDENTITY_TOKEN_FILE: /);
    expect(aws.standIn.requests).toEqual([]);
  });

  it('a token file of a file system that does not answer', async () => {
    // A thread that waits for the writer of a FIFO, as one does for a file system.
    const fifo = aws.stage.inRoot('/fifo');
    execFileSync('mkfifo', [fifo]);
    const preload = aws.stage.inRoot('/hang.cjs');
    writeFileSync(
      preload,
      `const fs = require('node:fs'); const { open } = fs;
       fs.stat = (_, done) => open(${JSON.stringify(fifo)}, 'r', done);`,
    );
    const finished = await aws.stage.run(onePlan(ARN, 1), {}, ['--require', preload]);
    // Node.js would wait for the thread when it exits.
    expect(finished.code).toBe(10);
    expect(finished.termination).toMatch(/^IDENTITY_TOKEN_UNREADABLE .*not read before the deadline/);
  });

  it('a token file with a trailing newline', async () => {
    aws.stage.writeToken(`${await aws.standIn.issueToken({ namespace: 'shop', serviceAccount: 'web' })}\n`);
    expect(await aws.stage.run(onePlan(ARN))).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['expired', { expiresInSeconds: -60 }, 'token expired'],
    ['of another service account', { serviceAccount: 'other' }, '"system:serviceaccount:shop:other"'],
    ['for another audience', { audience: 'vault' }, 'add the audience vault'],
  ])('a token that is %s', async (_name, claims, says) => {
    const token = await aws.standIn.issueToken({ namespace: 'shop', serviceAccount: 'web', ...claims });
    aws.stage.writeToken(token);
    const finished = await aws.stage.run(onePlan(ARN, 1));
    expect(finished.code).toBe(10);
    expect(finished.stderr).toContain('IDENTITY_REFUSED AWS_ROLE_ARN: ');
    expect(finished.stderr).toContain(says);
    expectNoCanary([finished.stderr, finished.termination], token);
  });

  const NONE = { AWS_ROLE_ARN: undefined, AWS_WEB_IDENTITY_TOKEN_FILE: undefined };
  it.each<[string, Record<string, string | undefined>, RegExp]>([
    ['nothing', NONE, /AWS_ROLE_ARN: the pod has no AWS identity; .*\(IRSA\).*EKS Pod Identity association/],
    [
      'a service account alone',
      { ...NONE, SECRETS_INJECTOR_SERVICE_ACCOUNT: 'shop/web' },
      /runs as service account "shop\/web", which has no AWS identity; .*skip-containers/,
    ],
    [
      'the default service account',
      { ...NONE, SECRETS_INJECTOR_SERVICE_ACCOUNT: 'shop/default' },
      /"shop\/default" \(a pod without spec\.serviceAccountName runs as "default"\), which has/,
    ],
    ['static keys alone', { ...NONE, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, /IRSA/],
    [
      'a role alone',
      { AWS_WEB_IDENTITY_TOKEN_FILE: undefined },
      /AWS_WEB_IDENTITY_TOKEN_FILE: the container sets AWS_ROLE_ARN but not AWS_WEB_IDENTITY_TOKEN_FILE/,
    ],
    ['a token alone', { AWS_ROLE_ARN: undefined }, /sets AWS_WEB_IDENTITY_TOKEN_FILE but not AWS_ROLE_ARN/],
    [
      'an agent alone',
      { ...NONE, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials' },
      /sets AWS_CONTAINER_CREDENTIALS_FULL_URI but not AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE/,
    ],
  ])('%s given is no identity', async (_name, variables, says) => {
    const finished = await aws.stage.run(onePlan(ARN), variables);
    expect(finished.code).toBe(10);
    expect(finished.termination).toMatch(/^IDENTITY_MISSING /);
    expect(finished.termination).toMatch(says);
    expect(aws.standIn.requests).toEqual([]);
  });

  it('never takes static keys, profiles or configuration files, and asks for the shortest session', async () => {
    const home = aws.stage.inRoot('/home');
    mkdirSync(path.join(home, '.aws'), { recursive: true });
    const keys = 'aws_access_key_id = ASIAWRONG\naws_secret_access_key = wrong\nregion = us-west-2\n';
    writeFileSync(path.join(home, '.aws/credentials'), `[default]\n${keys}`);
    writeFileSync(path.join(home, '.aws/config'), `[default]\n${keys}max_attempts = nonsense\n`);
    const watch = path.resolve(import.meta.dirname, '../fetcher/watch-files.cjs');
    const finished = await aws.stage.run(
      onePlan(ARN),
      {
        HOME: home,
        AWS_ACCESS_KEY_ID: 'ASIAWRONG',
        AWS_SECRET_ACCESS_KEY: 'wrong',
        AWS_PROFILE: 'default',
        AWS_MAX_ATTEMPTS: 'nonsense',
        AWS_RETRY_MODE: 'nonsense',
        AWS_ROLE_SESSION_NAME: `shop.web of ${'x'.repeat(80)}`,
      },
      ['--require', watch],
    );
    expect(finished.code).toBe(0);
    expect(finished.stderr.split('\n').filter((line) => line.includes('.aws'))).toEqual([]);
    expect(finished.stderr).toContain('opened ');
    const [signIn] = aws.standIn.requests;
    expect(signIn).toMatchObject({ durationSeconds: 900, sessionName: `shop.web-of-${'x'.repeat(52)}` });
  });
});

describe('endpoints', () => {
  it('that refuse connections', async () => {
    const finished = await aws.stage.run(onePlan(ARN, 1), { AWS_ENDPOINT_URL: 'https://127.0.0.1:1' });
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/^AWS_UNAVAILABLE .*last failure: connection refused/);
  });

  it('whose name does not exist', async () => {
    const finished = await aws.stage.run(onePlan(ARN, 1), {
      AWS_ENDPOINT_URL: 'https://no-such-name.invalid',
    });
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/last failure: (DNS|timeout)/);
  });

  it('whose name is looked up without end', async () => {
    const fifo = aws.stage.inRoot('/fifo-of-dns');
    execFileSync('mkfifo', [fifo]);
    const preload = aws.stage.inRoot('/lookup.cjs');
    writeFileSync(
      preload,
      `const fs = require('node:fs');
       require('node:dns').lookup = () => fs.open(${JSON.stringify(fifo)}, 'r', () => undefined);`,
    );
    const variables = { AWS_ENDPOINT_URL: 'https://no-answer.invalid' };
    const finished = await aws.stage.run(onePlan(ARN, 1), variables, ['--require', preload]);
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/^AWS_UNAVAILABLE .*last failure: timeout/);
  });

  it('that accept and never speak', async () => {
    const silent = net.createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as net.AddressInfo;
    const finished = await aws.stage.run(onePlan(ARN, 1), {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `https://127.0.0.1:${port}`,
    });
    silent.close();
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/Secrets Manager .*last failure: timeout/);
  });

  it.each([
    ['STS', 'AWS_ENDPOINT_URL_STS'],
    ['Secrets Manager', 'AWS_ENDPOINT_URL_SECRETS_MANAGER'],
  ])('whose certificate nobody vouches for: %s', async (_name, variable) => {
    const stranger = await startStandIn({ tls: await makeCertificate() });
    const finished = await aws.stage.run(onePlan(ARN, 1), { [variable]: stranger.url });
    const asked = stranger.requests.length;
    await stranger.stop();
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/last failure: TLS: /);
    expect(asked).toBe(0);
  });

  it.each([
    ['http://198.51.100.1', 13],
    ['ftp://127.0.0.1', 13],
    ['https://user:password@127.0.0.1', 13],
    ['not a url', 13],
  ])('%s is refused', async (url, exit) => {
    const finished = await aws.stage.run(onePlan(ARN), { AWS_ENDPOINT_URL: url });
    expect(finished.code).toBe(exit);
    expect(finished.termination).toContain('is not an https URL');
    expect(finished.termination).not.toContain('password');
  });

  it('a hang of one answer ends with the deadline', async () => {
    aws.standIn.script('GetSecretValue', { kind: 'hang', afterBytes: 300 });
    const finished = await aws.stage.run(onePlan(ARN, 1));
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/last failure: timeout/);
    expectNoCanary([finished.stderr]);
  });
});

describe('secrets', () => {
  it('of two Regions: each secret once, at most four sockets in each', async () => {
    const arns = Array.from({ length: 20 }, (_, index) =>
      arnOf(`many/${index}`, index % 2 === 0 ? 'eu-west-1' : 'us-east-1'),
    );
    for (const arn of arns) aws.standIn.putSecret({ arn, value: arn });
    // Each secret is asked for twice, by a file and by a variable.
    const plan = planOf(arns, {
      files: arns.map((_, secret) => ({ path: `f${secret}`, secret })),
      env: arns.map((_, secret) => ({ name: `V${secret}`, secret })),
    });
    expect(await aws.stage.run(plan)).toMatchObject({ code: 0, stderr: '' });
    const reads = aws.standIn.requests.filter((request) => request.operation === 'GetSecretValue');
    expect(reads.map((request) => request.secretId).toSorted()).toEqual(arns.toSorted());
    for (const region of ['eu-west-1', 'us-east-1']) {
      const sockets = new Set(reads.filter((one) => one.region === region).map((one) => one.connection));
      expect(sockets.size).toBeLessThanOrEqual(4);
    }
    expect(aws.standIn.peak.connections).toBeLessThanOrEqual(9);
    expect(aws.stage.read('f19').toString()).toBe(arns[19]);
  });

  it('uses the connection that was opened early', async () => {
    const before = aws.standIn.connectionsOpened;
    await aws.stage.run(onePlan(ARN));
    expect(aws.standIn.connectionsOpened - before).toBe(2);
  });

  it('while connections open, the modules for TLS are loaded', async () => {
    const preload = path.join(aws.stage.root, 'preload.cjs');
    const evidence = path.join(aws.stage.root, 'evidence');
    writeFileSync(
      preload,
      `const load = process.getBuiltinModule;
       process.getBuiltinModule = (name) => {
         const active = process.getActiveResourcesInfo();
         if (name === 'node:tls') process.getBuiltinModule('node:fs').writeFileSync('${evidence}', active.join());
         return load(name);
       };`,
    );
    expect(await aws.stage.run(onePlan(ARN), {}, ['--require', preload])).toMatchObject({ code: 0 });
    expect(readFileSync(evidence, 'utf8').match(/ConnectWrap/g)).toHaveLength(2);
  });

  it('by an ARN without suffix', async () => {
    const partial = ARN.slice(0, -'-AbCdEf'.length);
    expect(await aws.stage.run(onePlan(partial))).toMatchObject({ code: 0, stderr: '' });
    expect(aws.stage.read('value').toString()).toBe(CANARY);
  });

  it('when the clock of the node is an hour late', async () => {
    const late = await makeAwsStage({ now: () => Date.now() + 3_600_000 });
    late.standIn.putSecret({ arn: ARN, value: 'x' });
    const finished = await late.stage.run(onePlan(ARN));
    await late.stop();
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(/^[^\n]+: HTTP 4\d\d \w+; retrying\n$/);
  });
});

describe('the program itself', () => {
  it.each([
    ['not JSON', '{"version":1,'],
    ['of a newer version', '{"version":2}'],
    ['with a path out of its view', JSON.stringify(planOf([ARN], { files: [{ path: '../up', secret: 0 }] }))],
    ['with a line break in a name', JSON.stringify(planOf([ARN], { env: [{ name: 'A=1\nB', secret: 0 }] }))],
    ['with another volume', JSON.stringify(planOf([ARN], { volume: '../other' }))],
  ])('refuses a plan that is %s', async (_name, plan) => {
    const finished = await aws.stage.run(plan);
    expect(finished.code).toBe(2);
    expect(finished.termination).toMatch(/^PLAN_INVALID SECRETS_INJECTOR_PLAN: /);
  });

  it('starts with the code cache of both bundles', async () => {
    // V8 prints the size of each cache that it accepts.
    const args = ['--node-options=--profile-deserialization', 'fetch', '--root', aws.stage.root];
    const env = aws.stage.environment(onePlan(ARN));
    const { stdout } = await promisify(execFile)(BUILT_EXECUTABLE, args, { env });
    for (const name of CACHED) {
      const { size } = statSync(path.join(path.dirname(BUILT_EXECUTABLE), `${name}.cache`));
      // V8 rounds the size to words.
      const sizes = Array.from({ length: 16 }, (_, less) => `from ${size - less} bytes`);
      expect(
        sizes.some((text) => stdout.includes(text)),
        `${name}\n${stdout}`,
      ).toBe(true);
    }
  });

  it.each([
    ['full', '>/dev/full'],
    ['closed', '>&-'],
    ['a pipe without a reader', '| true'],
  ])('succeeds if standard output is %s', async (_name, redirection) => {
    const environment = aws.stage.environment(onePlan(ARN));
    const command = `"$0" fetch --root "$1" ${redirection}; exit $PIPESTATUS`;
    await promisify(execFile)('bash', ['-c', command, BUILT_EXECUTABLE, aws.stage.root], {
      env: environment,
    });
    expect(aws.stage.read('value').length).toBeGreaterThan(0);
  });

  it('ends as internal, without the message, when something throws that nobody foresaw', async () => {
    const preload = aws.stage.inRoot('/throw.cjs');
    writeFileSync(preload, `setTimeout(() => { throw new Error(${JSON.stringify(CANARY)}); }, 30);`);
    aws.standIn.script('AssumeRoleWithWebIdentity', { kind: 'hang' });
    const finished = await aws.stage.run(onePlan(ARN), {}, ['--require', preload]);
    expect(finished.code).toBe(70);
    expect(finished.termination).toMatch(/^FETCH_INTERNAL /);
    expectNoCanary([finished.stderr, finished.stdout, finished.termination]);
  });
});
