/** This project's own image, for the node. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ownStorage, ROOT } from '../image/built-image.ts';

/** Under this name kubelet finds it. */
export const PROJECT_IMAGE = 'localhost/aws-secrets-injector:cluster-test';

/**
 * Builds the image from the checkout on base images made from this machine.
 * @param folder for buildah's storage and the archive; whoever made it removes it
 * @returns the archive, for importImage
 * @throws Error with the end of what the build said
 */
export function buildProjectImage(folder: string): string {
  const archive = path.join(folder, 'image.tar');
  const { status, stderr } = spawnSync(
    path.join(ROOT, 'scripts/image'),
    ['--engine', 'buildah', '--local-base', '--tag', PROJECT_IMAGE, '--output', `docker-archive:${archive}`],
    { env: ownStorage(path.join(folder, 'storage')), encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`scripts/image ended with ${status}:\n${stderr.slice(-8000)}`);
  return archive;
}
