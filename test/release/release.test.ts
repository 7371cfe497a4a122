/**
 * A whole release, made twice: of a new version in one clone, and of the same commit in another one, as the release
 * workflow does. Takes some minutes, so this tier only runs when it is selected.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { ROOT } from '../image/built-image.ts';
import { describeImage } from './image-of-release.ts';
import { git, MadeRelease, NAME, VERSION } from './made-release.ts';
import { goProgram } from './programs.ts';
import { describePublishing } from './publishing.ts';

const made = new MadeRelease();
const release = path.dirname(made.file(''));
let reason: string | undefined;

beforeAll(async () => {
  reason = await made.prepare();
  if (reason === undefined) made.make();
});

afterAll(() => made[Symbol.dispose]());

beforeEach((context: TestContext) => {
  if (reason === undefined) return;
  console.log(`skipped: ${reason}`);
  context.skip(reason);
});

describe('a release', () => {
  it('is a commit with the version, and a folder of files with checksums', () => {
    expect(git(made.clone, 'log', '-1', '--format=%s')).toBe(`chore: release ${VERSION}`);
    expect(git(made.clone, 'status', '--porcelain')).toBe('');
    expect(git(made.clone, 'worktree', 'list').split('\n')).toHaveLength(1);
    expect(readdirSync(path.join(made.clone, 'dist'))).toEqual(['release']);
    const chart = existsSync(path.join(made.clone, 'manifests/chart')) ? [`${NAME}.tgz`] : [];
    expect(readdirSync(release)).toEqual(
      [
        'SHA256SUMS',
        ...['-image-digest.txt', '-manifests.tar.gz', '-npm.tgz'].map((suffix) => `${NAME}${suffix}`),
        ...['amd64', 'arm64'].flatMap((arch) =>
          ['.spdx.json', '.tar.gz'].map((suffix) => `${NAME}-linux-${arch}${suffix}`),
        ),
        ...[`${NAME}-notes.md`, `${NAME}.oci.tar`, ...chart],
      ].sort(),
    );
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release, stdio: 'ignore' });
    expect(readFileSync(made.file('-image-digest.txt'), 'utf8').trim()).toBe(made.image.digest);
    expect(made.said).toContain(`git tag --sign --message "Version ${VERSION}" v${VERSION}`);
    expect(made.said).toContain(made.image.digest);
  });

  it('contains the command line with its version, as an npm package and with its own Node.js', () => {
    const folder = path.join(made.folder, 'command-line');
    mkdirSync(folder);
    for (const suffix of ['-npm.tgz', '-linux-amd64.tar.gz'])
      execFileSync('tar', ['--extract', '--file', made.file(suffix), '--directory', folder]);
    const programs = [
      [process.execPath, 'package/lib/cli.cjs'],
      [path.join(folder, `${NAME}-linux-amd64/bin/kubectl-aws_secrets`)],
    ] as const;
    for (const [program, ...args] of programs)
      expect(execFileSync(program, [...args, '--version'], { cwd: folder, encoding: 'utf8' })).toBe(
        `${VERSION}\n`,
      );
  });

  it('contains the manifests with the version of the image', () => {
    const file = made.file('-manifests.tar.gz');
    const kustomization = `${NAME}/manifests/base/kustomization.yaml`;
    expect(execFileSync('tar', ['-xzOf', file, kustomization], { encoding: 'utf8' })).toContain(
      `newTag: ${VERSION}`,
    );
  });

  it('of the same commit has the same bytes, in another folder, time zone, language and umask', () => {
    const other = path.join(made.folder, 'another folder');
    git(made.folder, 'clone', '--quiet', made.clone, other);
    made.run(other, ['--tagged'], { TZ: 'Pacific/Auckland', LC_ALL: 'C.UTF-8', UMASK: '077' });
    const sums = (tree: string) =>
      readFileSync(path.join(tree, 'dist/release', VERSION, 'SHA256SUMS'), 'utf8');
    expect(sums(other)).toBe(sums(made.clone));
  });
});

for (const platform of ['linux/amd64', 'linux/arm64']) describeImage(made, platform);

describePublishing(made);

describe('the release workflow', () => {
  const workflow = path.join(ROOT, '.github/workflows/release.yml');

  it('is valid', async (context) => {
    const actionlint = await goProgram('actionlint');
    if (actionlint instanceof Error) return context.skip(actionlint.message);
    const { status, stdout } = spawnSync(actionlint, ['-no-color', workflow], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
