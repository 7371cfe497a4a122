/** `scripts/release`: checks, then the release commit, then what is published, in a worktree of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { release, releasedVersions } from './changelog.ts';
import { buildArtifacts } from './release-artifacts.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const USAGE = `Usage: scripts/release VERSION [--dry-run] [--local-base]
       scripts/release --tagged [--local-base] [--source URL]

Makes a release of the checked-out commit, in dist/release/VERSION: the images for linux/amd64 and linux/arm64 in one OCI
archive, an SBOM for each, the Helm chart, the manifests, release notes and SHA256SUMS. Publishes nothing.

  VERSION       such as 1.2.3 or 1.2.3-rc.1. Adds a commit with the version and its section of CHANGELOG.md to the
                current branch, after everything else has succeeded. An interrupted release changes nothing
  --tagged      builds the version of the checked-out commit again, without a new commit: for the release workflow
  --dry-run     prints the changes of the release commit, and builds nothing
  --local-base  see scripts/image: for tests, not for publishing
  --source URL  see scripts/image
`;

class Refusal extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = parseOptions();
  if (values.help) return void process.stdout.write(USAGE);
  const [wanted] = positionals;
  if (
    positionals.length > 1 ||
    (wanted === undefined) !== values.tagged ||
    (values.tagged && values['dry-run'])
  )
    throw new Refusal(`expected either VERSION or --tagged\n${USAGE}`);
  if (git(ROOT, 'status', '--porcelain') !== '')
    throw new Refusal('the working tree has changes: commit or stash them');
  const version = wanted ?? taggedVersion();
  const target = path.join(ROOT, 'dist/release', version);
  if (existsSync(target)) throw new Refusal(`${path.relative(ROOT, target)} exists: remove it first`);
  const branch = values.tagged ? undefined : currentBranch();
  if (wanted !== undefined && git(ROOT, 'tag', '--list', `v${wanted}`) !== '')
    throw new Refusal(`the tag v${wanted} exists`);

  mkdirSync(path.join(ROOT, 'dist'), { recursive: true });
  const work = mkdtempSync(path.join(ROOT, 'dist/release-'));
  const tree = path.join(work, 'tree');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => stop.abort(new Refusal(`stopped by ${signal}; nothing was changed`)));
  try {
    git(ROOT, 'worktree', 'add', '--quiet', '--detach', tree, 'HEAD');
    if (wanted !== undefined) commitRelease(tree, wanted);
    if (values['dry-run'])
      return void process.stdout.write(`${git(tree, 'show', '--stat', '--patch', 'HEAD')}\n`);
    const output = path.join(work, 'output');
    mkdirSync(output);
    const digest = await buildArtifacts(tree, output, version, {
      localBase: values['local-base'],
      source: values.source,
      signal: stop.signal,
    });
    // Nothing can fail after this line but a commit that somebody else added meanwhile.
    if (branch !== undefined) git(ROOT, 'merge', '--quiet', '--ff-only', git(tree, 'rev-parse', 'HEAD'));
    mkdirSync(path.dirname(target), { recursive: true });
    renameSync(output, target);
    process.stdout.write(nextSteps(version, digest, branch));
  } finally {
    rmSync(work, { recursive: true, force: true });
    git(ROOT, 'worktree', 'prune');
  }
}

function parseOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        tagged: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        'local-base': { type: 'boolean', default: false },
        source: { type: 'string' },
      },
    });
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function taggedVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const changelog = readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8');
  if (releasedVersions(changelog)[0] !== version)
    throw new Refusal(`the newest version in CHANGELOG.md is not that of package.json, ${version}`);
  return version;
}

function currentBranch(): string {
  const branch = git(ROOT, 'branch', '--show-current');
  if (branch === '') throw new Refusal('no branch is checked out: the release commit needs one');
  return branch;
}

/** Sets the version wherever it is written. @param tree a clean worktree */
function commitRelease(tree: string, version: string): void {
  const edit = (name: string, change: (text: string) => string): void => {
    const file = path.join(tree, name);
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, change(before));
  };
  const today = new Date().toISOString().slice(0, 10);
  try {
    edit('CHANGELOG.md', (text) => release(text, version, today));
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error));
  }
  const npm = ['version', version, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts'];
  execFileSync('npm', npm, { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] });
  for (const folder of ['base', 'components/audit', 'components/rollout'])
    edit(`manifests/${folder}/kustomization.yaml`, (text) =>
      text.replace(/^( +newTag: ).*$/m, `$1${version}`),
    );
  if (existsSync(path.join(tree, 'manifests/chart')))
    edit('manifests/chart/Chart.yaml', (text) =>
      text.replace(/^(version|appVersion): .*$/gm, `$1: ${version}`),
    );
  git(tree, 'commit', '--quiet', '--all', '--message', `chore: release ${version}`);
}

function nextSteps(version: string, digest: string, branch: string | undefined): string {
  const folder = `dist/release/${version}`;
  const made = `${folder} contains the release. Digest of the image: ${digest}\n`;
  if (branch === undefined) return made;
  return `${made}
Review the last commit and the files. Then publish (docs/internals/releasing.md):

  git tag --sign --message "Version ${version}" v${version}
  git push origin ${branch} v${version}

The release workflow builds the same files, pushes the image, and signs. Without it:

  skopeo copy --all --preserve-digests oci-archive:${folder}/aws-secrets-injector-${version}.oci.tar docker://REPOSITORY:${version}
  cosign sign REPOSITORY@${digest}
`;
}

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`scripts/release: ${error.message}\n`);
  process.exitCode = 2;
}
