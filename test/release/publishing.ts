/** Tests of the documented steps to publish a release. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort, type MadeRelease, VERSION } from './made-release.ts';
import { goProgram } from './programs.ts';

/** The documented steps, with a registry on this machine. */
export function describePublishing(made: MadeRelease): void {
  describe('publishing', () => {
    let registry: { readonly repository: string; stop(): Promise<void> } | undefined;
    let cosign: string;
    const keys = path.join(made.folder, 'keys');

    beforeAll(async () => {
      if (made.image.digest === '') return;
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
        env: { ...process.env, COSIGN_PASSWORD: 'test', HOME: made.folder },
        encoding: 'utf8',
      });
      return { status, stdout, stderr };
    }

    it('the documented steps push the same digest, sign it and attach the SBOM; others are not verified', () => {
      const repository = registry?.repository ?? '';
      const archive = `oci-archive:${made.file('.oci.tar')}`;
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
      expect(raw.trim()).toBe(made.image.digest);

      const subject = `${repository}@${made.image.digest}`;
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
      for (const of of [subject, ...made.image.images.map(({ digest }) => `${repository}@${digest}`)])
        expect(verify('ours.pub', of), of).toMatchObject({ status: 0 });
      expect(verify('other.pub', subject).status).not.toBe(0);

      const { digest } = made.imageFor('linux/arm64');
      const sbom = made.file('-linux-arm64.spdx.json');
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

    it('an image with other bytes is not verified', async () => {
      const { manifest } = made.imageFor('linux/arm64');
      const [host, name] = (registry?.repository ?? '').split('/');
      const { ok } = await fetch(`http://${host}/v2/${name}/manifests/changed`, {
        method: 'PUT',
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        body: JSON.stringify({ ...manifest, annotations: { changed: 'yes' } }),
      });
      expect(ok).toBe(true);
      const changed = `${registry?.repository}:changed`;
      const verified = runCosign(
        'verify',
        '--key',
        path.join(keys, 'ours.pub'),
        '--insecure-ignore-tlog',
        changed,
      );
      expect(verified).toMatchObject({ status: 10, stderr: expect.stringContaining('no signatures found') });
    });

    it('the signature of the checksums is verified, and not for other checksums', () => {
      const sums = path.join(path.dirname(made.file('')), 'SHA256SUMS');
      const signature = path.join(made.folder, 'SHA256SUMS.sig');
      const key = path.join(keys, 'ours.key');
      const signed = runCosign(
        'sign-blob',
        '--yes',
        '--key',
        key,
        '--tlog-upload=false',
        '--output-signature',
        signature,
        sums,
      );
      expect(signed, signed.stderr).toMatchObject({ status: 0 });
      const verify = (file: string) =>
        runCosign(
          'verify-blob',
          '--key',
          path.join(keys, 'ours.pub'),
          '--signature',
          signature,
          '--insecure-ignore-tlog',
          file,
        );
      expect(verify(sums)).toMatchObject({ status: 0 });
      expect(verify(made.file('-notes.md')).status).not.toBe(0);
    });

    async function startRegistry(program: string) {
      const port = await freePort();
      const config = path.join(made.folder, 'registry.yaml');
      writeFileSync(
        config,
        `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${made.folder}/registry } }\nhttp: { addr: "127.0.0.1:${port}" }\n`,
      );
      const child = spawn(program, ['serve', config], { stdio: 'ignore' });
      await vi.waitFor(
        async () => expect((await fetch(`http://127.0.0.1:${port}/v2/`)).status).toBe(200),
        30_000,
      );
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
}
