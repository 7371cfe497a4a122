/** Options that scripts/image refuses before it builds anything. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = path.resolve(import.meta.dirname, '../../../scripts/image');

it.each([
  ['--platform linux/s390x', '--platform takes linux/amd64, linux/arm64 or linux/amd64,linux/arm64'],
  [
    '--platform linux/amd64,linux/amd64',
    '--platform takes linux/amd64, linux/arm64 or linux/amd64,linux/arm64',
  ],
  [
    '--platform linux/amd64,linux/arm64 --output docker-archive:x',
    'docker-archive holds one platform; use oci-archive',
  ],
  ['--output tar:x', '--output takes docker-archive:FILE or oci-archive:FILE'],
  ['--output oci-archive:', '--output takes docker-archive:FILE or oci-archive:FILE'],
  ['--engine kaniko', '--engine takes buildah, podman or docker'],
  ['--push', 'no such option: --push'],
])('%s', (options, message) => {
  const { status, stdout, stderr } = spawnSync(SCRIPT, options.split(' '), { encoding: 'utf8' });
  expect({ status, stdout, last: stderr.trim().split('\n').at(-1) }).toEqual({
    status: 2,
    stdout: '',
    last: `scripts/image: ${message}`,
  });
});
