/** Python packages in the user's cache: installed once for all runs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installDebianPackage, say, succeeds } from './debian-package.ts';

export interface PythonPackages {
  readonly python: string;
  /** The folder with the packages and what they need, for PYTHONPATH. */
  readonly folder: string;
}

/**
 * @param name of the cache's folder; it names the versions, so that others make another folder
 * @param packages with their versions, as pip takes them
 * @param notice what to say where they have to be installed
 * @returns the packages, or why they cannot be had
 */
export async function findPythonPackages(
  name: string,
  packages: readonly string[],
  notice: string,
): Promise<PythonPackages | string> {
  const python = 'python3';
  const tag = await interpreterTag(python);
  if (tag === undefined) return 'Python is not installed, or older than 3.9';
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  // Compiled parts belong to one version of Python.
  const folder = path.join(cache, 'aws-secrets-injector', `${name}-${tag}`);
  if (!existsSync(folder) && !(await install(python, packages, folder, notice)))
    return `${packages.join(', ')} could not be installed`;
  return { python, folder };
}

async function interpreterTag(python: string): Promise<string | undefined> {
  const program =
    'import sys; assert sys.version_info >= (3, 9); print(sys.implementation.cache_tag, sys.platform, sep="-")';
  return promisify(execFile)(python, ['-c', program]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** Installs beside the place and renames, so that no run ever meets half of it. */
async function install(
  python: string,
  packages: readonly string[],
  folder: string,
  notice: string,
): Promise<boolean> {
  const hasPip = await succeeds(python, ['-m', 'pip', '--version']);
  if (!hasPip && !(await installDebianPackage('python3-pip'))) return false;
  mkdirSync(path.dirname(folder), { recursive: true });
  const building = mkdtempSync(`${folder}.`);
  try {
    say(notice);
    const options = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
    const args = ['-m', 'pip', 'install', ...options, '--target', building, ...packages];
    if (!(await succeeds(python, args))) return false;
    renameSync(building, folder);
    return true;
  } catch {
    // Another run was faster.
    return existsSync(folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}
