/** Tests of the image for one platform of a release. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBlob } from '../../scripts/oci-archive.ts';
import { makeFetchStage, planFor } from '../aws-fake/fetch-stage.ts';
import { findPythonPackages } from '../setup/python-packages.ts';
import { freePort, git, type MadeRelease, VERSION } from './made-release.ts';

const EXECUTABLE = 'app/aws-secrets-injector';
/** Values of e_machine. */
const MACHINES: Readonly<Record<string, number>> = { 'linux/amd64': 62, 'linux/arm64': 183 };
/** An upper limit of what a node downloads. docs/internals/images.md contains the measurements. */
const MEGABYTES = 40;
/** For the programs that start those of the image. */
const PATH = { PATH: process.env['PATH'] ?? '' };

export function describeImage(made: MadeRelease, platform: string): void {
  describe(`the image for ${platform}`, () => {
    const files = () =>
      readdirSync(made.rootfs(platform), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name));

    it('contains programs and libraries for this platform only', () => {
      const machines = files().flatMap((file) => {
        const bytes = readFileSync(file);
        return bytes.subarray(0, 4).toString('latin1') === '\x7fELF'
          ? [[file, bytes.readUInt16LE(18)] as const]
          : [];
      });
      expect(machines.map(([file]) => file)).toContain(path.join(made.rootfs(platform), EXECUTABLE));
      expect(machines.length).toBeGreaterThan(5);
      expect(machines.filter(([, machine]) => machine !== MACHINES[platform])).toEqual([]);
    });

    it('is as small as promised, with layers that zstd compressed', () => {
      const { layers } = made.imageFor(platform).manifest;
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
      const config = JSON.parse(
        readBlob(made.layout, made.imageFor(platform).manifest.config).toString(),
      ) as {
        created: string;
        config: { Labels: Readonly<Record<string, string>>; User: string };
      };
      const time = new Date(Number(git(made.clone, 'log', '-1', '--format=%ct')) * 1000)
        .toISOString()
        .replace('.000', '');
      expect(config.created).toBe(time);
      expect(config.config.User).toBe('65532:65532');
      expect(config.config.Labels).toMatchObject({
        'org.opencontainers.image.created': time,
        'org.opencontainers.image.version': VERSION,
        'org.opencontainers.image.revision': git(made.clone, 'rev-parse', 'HEAD'),
        'org.opencontainers.image.base.name': expect.stringContaining('aws-secrets-injector-base'),
      });
    });

    it('lists in its SBOM what it contains', () => {
      const { packages } = JSON.parse(
        readFileSync(path.join(made.rootfs(platform), 'licenses/sbom.spdx.json'), 'utf8'),
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
        path.join(made.rootfs(platform), 'licenses/THIRD-PARTY-NOTICES.txt'),
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
      const program = 'from spdx_tools.spdx.clitools.pyspdxtools import main; main()';
      const validate = (file: string) =>
        spawnSync(tools.python, ['-c', program, '--infile', file, '--version', 'SPDX-2.3'], {
          env: { ...process.env, PYTHONPATH: tools.folder },
          encoding: 'utf8',
        });
      const file = made.file(`-${platform.replace('/', '-')}.spdx.json`);
      expect(validate(file)).toMatchObject({ status: 0, stderr: '' });
      const broken = path.join(made.folder, 'broken.spdx.json');
      writeFileSync(
        broken,
        readFileSync(file, 'utf8').replace('"SPDXRef-Package-node-', '"SPDXRef-Package-other-'),
      );
      expect(validate(broken)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('SPDXRef-Package-'),
      });
    });

    describe('runs, under emulation where needed:', () => {
      /** With a file system for processes, from which the executable reads its own name; it ends with the command. */
      const inside = (args: readonly string[]) => {
        const root = made.rootfs(platform);
        const script =
          'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot --userspec=65532:65532 "$0" "$@"';
        return ['--mount', 'sh', '-c', script, root, `/${EXECUTABLE}`, ...args];
      };
      const run = (args: readonly string[]) => {
        const { status, stdout, stderr } = spawnSync('unshare', inside(args), {
          env: PATH,
          encoding: 'utf8',
        });
        return { status, stdout, stderr };
      };

      it('the command line', () => {
        expect(run(['--version'])).toEqual({ status: 0, stdout: `${VERSION}\n`, stderr: '' });
        expect(run(['--help']).stdout).toContain('webhook');
      });

      it('a fetch from the AWS fake, with the code cache', async () => {
        const stage = await makeFetchStage();
        try {
          const stageInside = path.join(made.rootfs(platform), 'stage');
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
          expect(output).toMatch(/^\[Deserializing from [1-3]\d{5} bytes/m);
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
}
