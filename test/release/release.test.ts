/**
 * A whole release, made twice: of a new version in one clone, and of the same commit in another one, as the release
 * workflow does. Takes about ten minutes, so this tier only runs when it is selected.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { type OciImage, type PlatformImage, readBlob, readOciLayout } from '../../scripts/oci-archive.ts';
import { makeFetchStage, planFor } from '../aws-fake/fetch-stage.ts';
import { ownStorage, ROOT } from '../image/built-image.ts';
import { installDebianPackage, succeeds } from '../setup/debian-package.ts';
import { findPythonPackages } from '../setup/python-packages.ts';
import { type Emulation, emulateArm64 } from './emulation.ts';
import { goProgram } from './programs.ts';

const VERSION = '99.0.0';
const NAME = `aws-secrets-injector-${VERSION}`;
const EXECUTABLE = 'app/aws-secrets-injector';
/** Values of e_machine. */
const MACHINES: Readonly<Record<string, number>> = { 'linux/amd64': 62, 'linux/arm64': 183 };
/** Upper limits of what a node downloads, in MB. docs/internals/images.md contains the measurements. */
const MEGABYTES = 40;

/** For the programs that start the image's. */
const PATH = { PATH: process.env['PATH'] ?? '' };

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-release-'));
const clone = path.join(folder, 'clone');
const release = path.join(clone, 'dist/release', VERSION);
const layout = path.join(folder, 'layout');
let reason: string | undefined;
let emulation: Emulation | undefined;
let said = '';
let image: OciImage;

beforeAll(async () => {
  const emulated = await emulateArm64();
  if (emulated instanceof Error) reason = emulated.message;
  else emulation = emulated;
  for (const program of ['buildah', 'skopeo'])
    if (reason === undefined && !(await isThere(program)))
      reason = `${program} is not installed, and could not be`;
  if (reason !== undefined) return;
  git(folder, 'clone', '--quiet', ROOT, clone);
  for (const [key = '', value = ''] of [
    ['user.name', 'Test'],
    ['user.email', 'test@example.com'],
    ['commit.gpgSign', 'false'],
  ])
    git(clone, 'config', key, value);
  git(clone, 'checkout', '--quiet', '-B', 'main');
  said = makeRelease(clone, [VERSION], {});
  mkdirSync(layout);
  execFileSync('tar', ['--extract', '--file', path.join(release, `${NAME}.oci.tar`), '--directory', layout]);
  image = readOciLayout(layout);
  for (const one of image.images) unpack(one);
});

afterAll(() => {
  emulation?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach((context: TestContext) => {
  if (reason === undefined) return;
  console.log(`skipped: ${reason}`);
  context.skip(reason);
});

function git(cwd: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
}

async function isThere(program: string): Promise<boolean> {
  return (await succeeds('sh', ['-c', `command -v ${program}`])) || (await installDebianPackage(program));
}

/** Runs scripts/release with a storage of its own, which is removed. @returns its output */
function makeRelease(
  tree: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): string {
  const storage = path.join(folder, 'storage');
  const program = [path.join(tree, 'scripts/release'), ...args, '--local-base'];
  const { status, stdout, stderr } = spawnSync('sh', ['-c', 'umask "$UMASK"; exec "$@"', 'sh', ...program], {
    env: { ...ownStorage(storage), UMASK: '022', ...variables },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  rmSync(storage, { recursive: true, force: true });
  if (status !== 0) throw new Error(`scripts/release ended with ${status}:\n${stderr.slice(-8000)}`);
  return stdout;
}

function rootfs({ platform }: PlatformImage): string {
  return path.join(folder, platform);
}

function unpack(one: PlatformImage): void {
  for (const name of ['proc', 'dev']) mkdirSync(path.join(rootfs(one), name), { recursive: true });
  for (const layer of one.manifest.layers)
    execFileSync('tar', ['--extract', '--preserve-permissions', '--directory', rootfs(one)], {
      input: zstdDecompressSync(readBlob(layout, layer)),
    });
}

function imageFor(platform: string): PlatformImage {
  const found = image.images.find((one) => one.platform === platform);
  if (found === undefined) throw new Error(`no image for ${platform}`);
  return found;
}

describe('a release', () => {
  it('is a commit with the version, and a folder of files with checksums', () => {
    expect(git(clone, 'log', '-1', '--format=%s')).toBe(`chore: release ${VERSION}`);
    expect(git(clone, 'status', '--porcelain')).toBe('');
    expect(git(clone, 'worktree', 'list').split('\n')).toHaveLength(1);
    expect(readdirSync(path.join(clone, 'dist'))).toEqual(['release']);
    const chart = existsSync(path.join(clone, 'manifests/chart')) ? [`${NAME}.tgz`] : [];
    expect(readdirSync(release)).toEqual(
      [
        'SHA256SUMS',
        ...['-image-digest.txt', '-linux-amd64.spdx.json', '-linux-arm64.spdx.json', '-manifests.tar.gz'].map(
          (suffix) => `${NAME}${suffix}`,
        ),
        ...[`${NAME}-notes.md`, `${NAME}.oci.tar`, ...chart],
      ].sort(),
    );
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release, stdio: 'ignore' });
    expect(readFileSync(path.join(release, `${NAME}-image-digest.txt`), 'utf8').trim()).toBe(image.digest);
    expect(said).toContain(`git tag --sign --message "Version ${VERSION}" v${VERSION}`);
    expect(said).toContain(image.digest);
  });

  it('contains the manifests with the version of the image', () => {
    const file = path.join(release, `${NAME}-manifests.tar.gz`);
    const kustomization = `${NAME}/manifests/base/kustomization.yaml`;
    expect(execFileSync('tar', ['-xzOf', file, kustomization], { encoding: 'utf8' })).toContain(
      `newTag: ${VERSION}`,
    );
  });

  it('of the same commit has the same bytes, in another folder, time zone, language and umask', () => {
    const other = path.join(folder, 'another folder');
    git(folder, 'clone', '--quiet', clone, other);
    makeRelease(other, ['--tagged'], { TZ: 'Pacific/Auckland', LC_ALL: 'C.UTF-8', UMASK: '077' });
    const sums = (tree: string) =>
      readFileSync(path.join(tree, 'dist/release', VERSION, 'SHA256SUMS'), 'utf8');
    expect(sums(other)).toBe(sums(clone));
  });
});

describe.each(Object.keys(MACHINES))('the image for %s', (platform) => {
  const files = () =>
    readdirSync(rootfs(imageFor(platform)), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));

  it('contains programs and libraries for this platform only', () => {
    const machines = files().flatMap((file) => {
      const bytes = readFileSync(file);
      return bytes.subarray(0, 4).toString('latin1') === '\x7fELF'
        ? [[file, bytes.readUInt16LE(18)] as const]
        : [];
    });
    expect(machines.map(([file]) => file)).toContain(path.join(rootfs(imageFor(platform)), EXECUTABLE));
    expect(machines.length).toBeGreaterThan(5);
    expect(machines.filter(([, machine]) => machine !== MACHINES[platform])).toEqual([]);
  });

  it('is as small as promised, with layers that zstd compressed', () => {
    const { layers } = imageFor(platform).manifest;
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(
      layers.map(() => 'application/vnd.oci.image.layer.v1.tar+zstd'),
    );
    const megabytes = layers.reduce((sum, { size }) => sum + size, 0) / 1e6;
    console.log(
      `${platform}: ${megabytes.toFixed(1)} MB, of which the base ${((layers[0]?.size ?? 0) / 1e6).toFixed(1)} MB`,
    );
    expect(megabytes).toBeLessThan(MEGABYTES);
  });

  it('has labels, and the time of the commit', () => {
    const config = JSON.parse(readBlob(layout, imageFor(platform).manifest.config).toString()) as {
      created: string;
      config: { Labels: Readonly<Record<string, string>>; User: string };
    };
    const time = new Date(Number(git(clone, 'log', '-1', '--format=%ct')) * 1000)
      .toISOString()
      .replace('.000', '');
    expect(config.created).toBe(time);
    expect(config.config.User).toBe('65532:65532');
    expect(config.config.Labels).toMatchObject({
      'org.opencontainers.image.created': time,
      'org.opencontainers.image.version': VERSION,
      'org.opencontainers.image.revision': git(clone, 'rev-parse', 'HEAD'),
      'org.opencontainers.image.base.name': expect.stringContaining('aws-secrets-injector-base'),
    });
  });

  it('lists in its SBOM what it contains', () => {
    const { packages } = JSON.parse(
      readFileSync(path.join(rootfs(imageFor(platform)), 'licenses/sbom.spdx.json'), 'utf8'),
    ) as {
      packages: readonly {
        name: string;
        versionInfo: string;
        externalRefs: readonly { referenceLocator: string }[];
      }[];
    };
    const purls = packages.flatMap(({ externalRefs }) => externalRefs.map((one) => one.referenceLocator));
    const npm = purls.flatMap((purl) => /^pkg:npm\/([^@]+)@(.*)$/.exec(purl)?.slice(1, 3).join(' ') ?? []);
    const notices = readFileSync(
      path.join(rootfs(imageFor(platform)), 'licenses/THIRD-PARTY-NOTICES.txt'),
      'utf8',
    );
    const bundled = [...notices.matchAll(/^-{100}\n(\S+) (\d\S*) \(/gm)].map(
      ([, name, version]) => `${name} ${version}`,
    );
    const node = `node-linux-${platform.endsWith('amd64') ? 'x64' : 'arm64'} ${process.version.slice(1)}`;
    expect(bundled.length).toBeGreaterThan(30);
    expect(npm.map(decodeURIComponent).sort()).toEqual(
      [`aws-secrets-injector ${VERSION}`, node, ...bundled].sort(),
    );
    const debian = purls.filter((purl) => purl.startsWith('pkg:deb/debian/libc6@'));
    expect(debian).toEqual([expect.stringContaining(`?arch=${platform.split('/')[1]}`)]);
    expect(purls).toContain(`pkg:generic/openssl@${process.versions.openssl}`);
  });

  it('has an SBOM that is valid SPDX 2.3', async (context) => {
    const tools = await findPythonPackages(
      'spdx-tools-0.8.3',
      ['spdx-tools==0.8.3'],
      'installing spdx-tools, once',
    );
    if (typeof tools === 'string') return context.skip(tools);
    const file = path.join(release, `${NAME}-${platform.replace('/', '-')}.spdx.json`);
    const program = 'from spdx_tools.spdx.clitools.pyspdxtools import main; main()';
    const { status, stdout, stderr } = spawnSync(
      tools.python,
      ['-c', program, '--infile', file, '--version', 'SPDX-2.3'],
      {
        env: { ...process.env, PYTHONPATH: tools.folder },
        encoding: 'utf8',
      },
    );
    expect({ status, output: stdout + stderr }).toEqual({
      status: 0,
      output: expect.stringContaining('valid'),
    });
  });

  describe('runs, under emulation where needed:', () => {
    /** With a file system for processes, from which the executable reads its own name; it ends with the command. */
    const inside = (args: readonly string[]) => {
      const root = rootfs(imageFor(platform));
      const script =
        'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot --userspec=65532:65532 "$0" "$@"';
      return ['--mount', 'sh', '-c', script, root, `/${EXECUTABLE}`, ...args];
    };
    const run = (args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync('unshare', inside(args), { env: PATH, encoding: 'utf8' });
      return { status, stdout, stderr };
    };

    it('the command line', () => {
      expect(run(['--version'])).toEqual({ status: 0, stdout: `${VERSION}\n`, stderr: '' });
      expect(run(['--help']).stdout).toContain('webhook');
    });

    it('a fetch from the AWS fake, with the code cache', async () => {
      const stage = await makeFetchStage();
      try {
        const stageInside = path.join(rootfs(imageFor(platform)), 'stage');
        cpSync(stage.root, stageInside, { recursive: true });
        execFileSync('chown', ['--recursive', '65532:65532', stageInside]);
        const env = stage.environment(planFor(stage.standIn, 1, ['eu-west-1'], 2), stage.standIn.port);
        // Asynchronous: the fake runs in this process.
        const child = spawn(
          'unshare',
          inside(['fetch', '--node-options=--profile-deserialization', '--root', '/stage']),
          { env: { ...PATH, ...env } },
        );
        let output = '';
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (data: Buffer) => {
            output += data;
          });
        const [status] = await once(child, 'close');
        expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('wrote 2 files') });
        // Caches of Node.js itself are smaller.
        expect(output).toMatch(/^\[Deserializing from 1\d{5} bytes/m);
        expect(readFileSync(path.join(stageInside, 'secrets/aws-secrets/f0'), 'utf8')).toBe('user');
      } finally {
        await stage.stop();
      }
    });

    it('the webhook, until it is ready, and its end', async () => {
      expect(run(['certs', '--out', '/tmp/certs'])).toMatchObject({ status: 0 });
      const [port, probePort] = [await freePort(), await freePort()];
      const child = spawn('unshare', inside(['webhook']), {
        env: {
          ...PATH,
          SECRETS_INJECTOR_IMAGE: 'registry.example/aws-secrets-injector',
          SECRETS_INJECTOR_CERTIFICATES: 'files',
          SECRETS_INJECTOR_TLS_CERT_FILE: '/tmp/certs/tls.crt',
          SECRETS_INJECTOR_TLS_KEY_FILE: '/tmp/certs/tls.key',
          SECRETS_INJECTOR_NATIVE_VARIABLES: 'off',
          SECRETS_INJECTOR_LISTEN_PORT: String(port),
          SECRETS_INJECTOR_PROBE_PORT: String(probePort),
          SECRETS_INJECTOR_METRICS_PORT: '0',
          SECRETS_INJECTOR_DRAIN_SECONDS: '0',
        },
      });
      let log = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data: Buffer) => {
          log += data;
        });
      const ended = once(child, 'exit');
      try {
        await expect
          .poll(
            () =>
              fetch(`http://127.0.0.1:${probePort}/readyz`).then(
                ({ status }) => status,
                () => log,
              ),
            { timeout: 60_000, interval: 200 },
          )
          .toBe(200);
      } finally {
        child.kill('SIGTERM');
      }
      expect((await ended)[0], log).toBe(0);
    });
  });
});

describe('publishing', () => {
  let registry: { readonly repository: string; stop(): Promise<void> } | undefined;
  let cosign: string;
  const keys = path.join(folder, 'keys');

  beforeAll(async () => {
    if (reason !== undefined) return;
    const [program, server] = [await goProgram('cosign'), await goProgram('registry')];
    if (program instanceof Error || server instanceof Error) return;
    cosign = program;
    registry = await startRegistry(server);
    mkdirSync(keys);
    for (const name of ['ours', 'other'])
      runCosign('generate-key-pair', '--output-key-prefix', path.join(keys, name));
  });
  afterAll(() => registry?.stop());
  beforeEach((context) => {
    if (registry === undefined) context.skip('cosign and registry could not be built');
  });

  function runCosign(...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(cosign, args, {
      env: { ...process.env, COSIGN_PASSWORD: 'test', HOME: folder },
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  it('the documented steps push the same digest, sign it and attach the SBOM; others are not verified', () => {
    const repository = registry?.repository ?? '';
    const archive = `oci-archive:${path.join(release, `${NAME}.oci.tar`)}`;
    execFileSync('skopeo', [
      'copy',
      '--quiet',
      '--all',
      '--preserve-digests',
      '--dest-tls-verify=false',
      archive,
      `docker://${repository}:${VERSION}`,
    ]);
    const raw = execFileSync(
      'skopeo',
      ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${repository}:${VERSION}`],
      { encoding: 'utf8' },
    );
    expect(raw.trim()).toBe(image.digest);

    const subject = `${repository}@${image.digest}`;
    // There is no transparency log here: keyless signatures need sigstore's services.
    const key = (name: string) => ['--key', path.join(keys, name)];
    const verify = (name: string, of: string) =>
      runCosign('verify', ...key(name), '--insecure-ignore-tlog', of);
    expect(verify('ours.pub', subject).status).not.toBe(0);
    const signed = runCosign(
      'sign',
      '--yes',
      '--recursive',
      ...key('ours.key'),
      '--tlog-upload=false',
      subject,
    );
    expect(signed, signed.stderr).toMatchObject({ status: 0 });
    for (const of of [subject, ...image.images.map(({ digest }) => `${repository}@${digest}`)])
      expect(verify('ours.pub', of), of).toMatchObject({ status: 0 });
    expect(verify('other.pub', subject).status).not.toBe(0);

    const { digest } = imageFor('linux/arm64');
    const sbom = path.join(release, `${NAME}-linux-arm64.spdx.json`);
    const attested = runCosign(
      'attest',
      '--yes',
      '--type',
      'spdxjson',
      '--predicate',
      sbom,
      ...key('ours.key'),
      '--tlog-upload=false',
      `${repository}@${digest}`,
    );
    expect(attested, attested.stderr).toMatchObject({ status: 0 });
    const verified = runCosign(
      'verify-attestation',
      '--type',
      'spdxjson',
      ...key('ours.pub'),
      '--insecure-ignore-tlog',
      `${repository}@${digest}`,
    );
    expect(verified, verified.stderr).toMatchObject({ status: 0 });
    const { payload } = JSON.parse(verified.stdout) as { payload: string };
    const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as { predicate: unknown };
    expect(statement.predicate).toEqual(JSON.parse(readFileSync(sbom, 'utf8')));
  });

  it('an image that was changed after it was signed is not verified', () => {
    const repository = registry?.repository ?? '';
    const changed = path.join(folder, 'changed');
    cpSync(layout, changed, { recursive: true });
    execFileSync('skopeo', [
      'copy',
      '--quiet',
      '--dest-tls-verify=false',
      '--override-arch',
      'arm64',
      `oci:${changed}`,
      `docker://${repository}:changed`,
    ]);
    const plain = execFileSync(
      'skopeo',
      [
        'copy',
        '--quiet',
        '--format',
        'v2s2',
        '--dest-tls-verify=false',
        '--override-arch',
        'arm64',
        `oci:${changed}`,
        `docker://${repository}:other`,
      ],
      { encoding: 'utf8' },
    );
    expect(plain).toBe('');
    const result = runCosign(
      'verify',
      '--key',
      path.join(keys, 'ours.pub'),
      '--insecure-ignore-tlog',
      `${repository}:other`,
    );
    expect(result.status).not.toBe(0);
  });

  async function startRegistry(program: string) {
    const port = await freePort();
    const config = path.join(folder, 'registry.yaml');
    writeFileSync(
      config,
      `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${folder}/registry } }\nhttp: { addr: "127.0.0.1:${port}" }\n`,
    );
    const child = spawn(program, ['serve', config], { stdio: 'ignore' });
    await expect
      .poll(
        () =>
          fetch(`http://127.0.0.1:${port}/v2/`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 30_000 },
      )
      .toBe(200);
    return {
      repository: `127.0.0.1:${port}/aws-secrets-injector`,
      stop: async () => {
        const ended = once(child, 'exit');
        child.kill();
        await ended;
      },
    };
  }
});

describe('the release workflow', () => {
  const workflow = path.join(ROOT, '.github/workflows/release.yml');

  it('is valid', async (context) => {
    const actionlint = await goProgram('actionlint');
    if (actionlint instanceof Error) return context.skip(actionlint.message);
    const { status, stdout } = spawnSync(actionlint, ['-no-color', workflow], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
