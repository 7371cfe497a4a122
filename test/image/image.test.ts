import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { parse } from 'yaml';
import { CHECK_COMMAND, FETCH_COMMAND } from '../../src/core/settings.ts';
import { type BuiltImage, buildImage, ROOT } from './built-image.ts';

// A registry's password among npm's settings. The address is one that npm is never asked for.
const CANARY = 'canary-3f9c1e7a5b';
const NPMRC = `//registry.invalid/:_authToken=${CANARY}`;
const CLI = ['/app/aws-secrets-injector'];

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-image-'));
let built: BuiltImage | string;
let image: BuiltImage;

beforeAll(() => {
  const started = performance.now();
  built = buildImage(path.join(folder, 'storage'), NPMRC);
  if (typeof built === 'string') return;
  image = built;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const size = (paths: readonly string[]): string =>
    (paths.reduce((sum, file) => sum + lstatSync(path.join(image.rootfs, file)).size, 0) / 1e6).toFixed(1);
  console.log(
    `built in ${seconds} s: ${size(files())} MB, of which the programs ${size(['app/aws-secrets-injector'])} MB`,
  );
});

afterAll(() => {
  if (image !== undefined) image[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach((context: TestContext) => {
  if (typeof built !== 'string') return;
  console.log(`skipped: ${built}`);
  context.skip(built);
});

/** Every file of the image, relative to its root. Buildah puts one of its own there while something runs. */
function files(): readonly string[] {
  return readdirSync(image.rootfs, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'run/.containerenv' && !lstatSync(path.join(image.rootfs, name)).isDirectory())
    .sort();
}

describe('what the image holds', () => {
  it('is one executable, the licences and the SBOM beside the base', () => {
    expect(files().filter((file) => /^(?:app|licenses)\//.test(file))).toEqual([
      'app/aws-secrets-injector',
      'licenses/LICENSE',
      'licenses/NODE-LICENSE.txt',
      'licenses/THIRD-PARTY-NOTICES.txt',
      'licenses/sbom.spdx.json',
    ]);
  });

  it('contains no shell, package manager, demo or AWS fake', () => {
    const names = files().map((file) => path.basename(file));
    expect(
      names.filter((name) => /^(?:sh|bash|dash|ash|busybox|npm|npx|apt|dpkg|curl|wget)$/.test(name)),
    ).toEqual([]);
    expect(names.filter((name) => /demo|aws-fake|npmrc|package\.json|\.map$|\.ts$/.test(name))).toEqual([]);
    expect(files().filter((file) => file.includes('node_modules'))).toEqual([]);
  });

  it('belongs to root, can be written by nobody else and has no set-uid bit', () => {
    const loose = ['', ...readdirSync(image.rootfs, { recursive: true, encoding: 'utf8' })].filter((name) => {
      const status = lstatSync(path.join(image.rootfs, name));
      if (name === 'tmp' || status.isSymbolicLink()) return false;
      return status.uid !== 0 || status.gid !== 0 || (status.mode & 0o6022) !== 0;
    });
    expect(loose).toEqual([]);
    const writable = files().filter(
      (file) => file.startsWith('app/') && lstatSync(path.join(image.rootfs, file)).mode & 0o222,
    );
    expect(writable).toEqual([]);
  });

  it('is no key and nothing of the settings that npm was given', () => {
    expect(files().filter((file) => /\.(?:key|pem|p12)$/.test(file))).toEqual([]);
    for (const file of files()) {
      const text = readFileSync(path.join(image.rootfs, file), 'latin1');
      expect(text.includes(CANARY), file).toBe(false);
      if (file !== 'app/aws-secrets-injector')
        expect(text, file).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}/);
    }
    expect(image.description()).not.toContain(CANARY);
    expect(image.description()).not.toContain('_authToken');
  });

  it('left nothing of these settings in the storage of the build either', () => {
    const metadata = globSync('graph/vfs-{images,layers,containers}/**/*', {
      cwd: path.join(folder, 'storage'),
    }).map((name) => path.join(folder, 'storage', name));
    const found = metadata.filter(
      (file) => lstatSync(file).isFile() && readFileSync(file, 'latin1').includes(CANARY),
    );
    expect(metadata.length).toBeGreaterThan(0);
    expect(found).toEqual([]);
    const named = globSync('graph/vfs/dir/**/{.npmrc,npmrc}', { cwd: path.join(folder, 'storage') });
    expect(named).toEqual([]);
  });

  it('names the licence of every package in the bundles', () => {
    const notices = readFileSync(path.join(image.rootfs, 'licenses/THIRD-PARTY-NOTICES.txt'), 'utf8');
    const names = [...notices.matchAll(/^(\S+) \d\S* \([A-Za-z0-9.-]+\)$/gm)].map(([, name]) => name);
    expect(names).toEqual(
      expect.arrayContaining(['@aws-sdk/client-secrets-manager', 'fastify', 'pino', 'selfsigned']),
    );
    expect(notices).toContain('Copyright (c) 2006 Kirill Simonov');
    expect(readFileSync(path.join(image.rootfs, 'licenses/NODE-LICENSE.txt'), 'utf8')).toContain('Node.js');
  });
});

describe('how the image is set up', () => {
  it('runs as a numeric user without rights and starts the command line', () => {
    const config = image.config();
    expect(config).toMatchObject({
      User: '65532:65532',
      Entrypoint: CLI,
      Cmd: ['--help'],
      WorkingDir: '/app',
    });
    expect(config.Env?.filter((variable) => /^NODE_|^npm_|^NPM_|_PROXY=/i.test(variable))).toEqual([]);
    expect(config.ExposedPorts).toBeUndefined();
  });

  it('says what it is in labels', () => {
    expect(image.config().Labels).toMatchObject({
      'org.opencontainers.image.title': 'aws-secrets-injector',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': version,
    });
  });
});

describe('the programs in the image', () => {
  it('run as the user of the image', () => {
    const writable = path.join(folder, 'writable');
    mkdirSync(writable);
    chmodSync(writable, 0o777);
    const made = image.run([...CLI, 'certs', '--out', '/writable/certs'], {
      volumes: [`${writable}:/writable`],
    });
    expect(made, made.stderr).toMatchObject({ status: 0 });
    const { uid, gid } = lstatSync(path.join(writable, 'certs'));
    expect([uid, gid]).toEqual([65532, 65532]);
  });

  it('cli: tells its version and its commands', () => {
    expect(image.run([...CLI, '--version'])).toMatchObject({ status: 0, stdout: `${version}\n` });
    const help = image.run([...CLI, '--help']);
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('webhook');
  });

  it('cli: demo is not there and says so', () => {
    const { status, stderr } = image.run([...CLI, 'demo']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('does not contain the command demo');
  });

  it('webhook: starts with the command of the Deployment', () => {
    const help = image.run([...deploymentCommand(), '--help']);
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('--tls-cert-file');
  });

  it('webhook: refuses settings that are missing', () => {
    const { status, stderr } = image.run(deploymentCommand());
    expect(status).toBe(2);
    expect(stderr).toContain('SECRETS_INJECTOR_IMAGE');
  });

  it('fetcher: starts with the command of the injected container and refuses to run without a plan', () => {
    const { status, stderr } = image.run(FETCH_COMMAND);
    expect(status).toBe(2);
    expect(stderr).toContain('PLAN_INVALID');
  });

  it('check: accepts what a kubelet of 1.35 sets, and refuses what an older one does', () => {
    expect(image.run(CHECK_COMMAND, { env: { SECRETS_INJECTOR_PROBE: 'ok' } })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const { status, stderr } = image.run(CHECK_COMMAND, { env: { SECRETS_INJECTOR_PROBE: '' } });
    expect(status).toBe(16);
    expect(stderr).toContain('KUBELET_TOO_OLD');
  });

  it("fetcher: V8 takes the code cache from the image's own Node", () => {
    const [program = '', ...args] = FETCH_COMMAND;
    // V8 prints the size of each cache that it accepts. Those of Node itself are smaller than 40 KB.
    const { stdout } = image.run([program, '--node-options=--profile-deserialization', ...args]);
    expect(stdout).toMatch(/^\[Deserializing from [1-3]\d{5} bytes/m);
  });

  it('takes no options from the environment', () => {
    const NODE_OPTIONS = '--import=data:text/javascript,console.log(%22foreign%22)';
    const env = { NODE_OPTIONS, SECRETS_INJECTOR_PROBE: 'ok' };
    for (const command of [FETCH_COMMAND, CHECK_COMMAND, [...CLI, '--version']])
      expect(image.run(command, { env }).stdout).not.toContain('foreign');
    expect(image.run(CHECK_COMMAND, { env })).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('webhook: serves and drains as the Deployment runs it with certificate files, without writing anything', async () => {
    const certificates = path.join(folder, 'certs');
    mkdirSync(certificates);
    // The image's user writes them here, as a person's own would.
    chownSync(certificates, 65532, 65532);
    const made = image.run([...CLI, 'certs', '--out', '/certs/new'], { volumes: [`${certificates}:/certs`] });
    expect(made, made.stderr).toMatchObject({ status: 0 });
    chmodSync(path.join(certificates, 'new'), 0o755);
    const before = files();
    const [listenPort, probePort] = [await freePort(), await freePort()];
    const webhook = image.start(deploymentCommand(), {
      env: {
        ...deploymentVariables(),
        // No API server here, so the certificate comes from files, as in components/certificate-files.
        SECRETS_INJECTOR_CERTIFICATES: 'files',
        SECRETS_INJECTOR_TLS_CERT_FILE: '/certs/tls.crt',
        SECRETS_INJECTOR_TLS_KEY_FILE: '/certs/tls.key',
        SECRETS_INJECTOR_LISTEN_PORT: String(listenPort),
        SECRETS_INJECTOR_PROBE_PORT: String(probePort),
        SECRETS_INJECTOR_METRICS_PORT: '0',
        SECRETS_INJECTOR_DRAIN_SECONDS: '0',
      },
      volumes: [`${certificates}/new:/certs:ro`],
    });
    let log = '';
    for (const stream of [webhook.stdout, webhook.stderr])
      stream?.on('data', (data: Buffer) => {
        log += data;
      });
    const ended = once(webhook, 'exit');
    try {
      await expectReady(`http://127.0.0.1:${probePort}/readyz`, () => log);
      expect(files()).toEqual(before);
    } finally {
      process.kill(programUnder(webhook.pid ?? 0), 'SIGTERM');
    }
    expect((await ended)[0], log).toBe(0);
    expect(log).not.toMatch(/debugger/i);
  });
});

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          {
            readonly command: readonly string[];
            readonly args: readonly string[];
            readonly env: readonly { readonly name: string; readonly value?: string }[];
          },
        ];
      };
    };
  };
}

function deploymentContainer(): Deployment['spec']['template']['spec']['containers'][0] {
  const text = readFileSync(path.join(ROOT, 'manifests/base/deployment.yaml'), 'utf8');
  return (parse(text) as Deployment).spec.template.spec.containers[0];
}

function deploymentCommand(): readonly string[] {
  const { command, args } = deploymentContainer();
  return [...command, ...args];
}

function deploymentVariables(): Readonly<Record<string, string>> {
  // Variables from the ConfigMap are optional.
  return Object.fromEntries(
    deploymentContainer().env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/**
 * The process that really runs the command. Buildah answers a signal by killing it, so the signal must go there.
 * @param pid of buildah, whose descendants alone are looked at
 */
function programUnder(pid: number): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
  const [child] = children;
  return child === undefined ? pid : programUnder(child);
}

function parentOf(pid: string): number | undefined {
  try {
    const [, parent] = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(parent);
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

async function expectReady(url: string, log: () => string): Promise<void> {
  let answer = '';
  for (let attempt = 0; attempt < 100; attempt += 1) {
    answer = await fetch(url).then(
      async (response) => `${response.status} ${await response.text()}`,
      (error: Error) => error.message,
    );
    if (answer.startsWith('200')) return;
    await delay(100);
  }
  expect.fail(`not ready: ${answer}\n${log()}`);
}
