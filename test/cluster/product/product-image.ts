/** The image of the project for the nodes: built from the Dockerfile, with the CA of the AWS fake and a Node.js for tests added. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ownStorage, ROOT } from '../../image/built-image.ts';

export const IMAGE_NAME = 'localhost/aws-secrets-injector';
export const IMAGE_TAG = 'cluster-test';
/** The CA of the AWS fake in the image. */
export const CA_FILE = '/aws-fake-ca.pem';
/** A Node.js that runs scripts: the executable of the image runs the product alone. */
export const TEST_NODE = '/test-node';

/**
 * Builds the image.
 * @param folder for the builder's storage and the result
 * @returns an archive as `docker save` writes it
 * @throws Error with the end of the output of the builder
 */
export function buildImageArchive(folder: string, caPem: string): string {
  const storage = path.join(folder, 'storage');
  const variables = ownStorage(storage);
  const plain = `${IMAGE_NAME}:plain`;
  const run = (program: string, ...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      env: variables,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr.slice(-4000)}`);
    return stdout.trim();
  };
  run(path.join(ROOT, 'scripts/image'), '--engine', 'buildah', '--local-base', '--tag', plain);
  const ca = path.join(folder, 'aws-fake-ca.pem');
  writeFileSync(ca, caPem, { mode: 0o644 });
  const container = run('buildah', 'from', '--pull-never', plain);
  run('buildah', 'copy', container, ca, CA_FILE);
  run('buildah', 'copy', container, process.execPath, TEST_NODE);
  const tag = `${IMAGE_NAME}:${IMAGE_TAG}`;
  run('buildah', 'commit', '--quiet', '--rm', container, tag);
  const archive = path.join(folder, 'aws-secrets-injector.tar');
  run('buildah', 'push', '--quiet', tag, `docker-archive:${archive}:${tag}`);
  return archive;
}
