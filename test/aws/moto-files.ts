/** moto, an emulator of AWS that nobody of this project wrote, in the user's cache: installed once for all runs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installDebianPackage, say, succeeds } from '../setup/debian-package.ts';

const VERSION = '5.2.5';
// What moto's server needs besides moto itself. Its extra of that name brings what every service needs, in 300 MB.
const PACKAGES = [`moto==${VERSION}`, 'flask==3.1.3', 'flask-cors==6.0.5', 'werkzeug==3.1.9'];

export interface MotoFiles {
  readonly python: string;
  /** The folder with moto and what it needs, for PYTHONPATH. */
  readonly folder: string;
}

/** @returns moto, or why it cannot be had */
export async function findMoto(): Promise<MotoFiles | string> {
  const python = 'python3';
  const tag = await interpreterTag(python);
  if (tag === undefined) return 'Python is not installed, or older than 3.9';
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  // Compiled parts belong to one version of Python.
  const folder = path.join(cache, 'aws-secrets-injector', `moto-${VERSION}-${tag}`);
  if (!existsSync(folder) && !(await install(python, folder)))
    return `moto ${VERSION} could not be installed`;
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
async function install(python: string, folder: string): Promise<boolean> {
  const hasPip = await succeeds(python, ['-m', 'pip', '--version']);
  if (!hasPip && !(await installDebianPackage('python3-pip'))) return false;
  mkdirSync(path.dirname(folder), { recursive: true });
  const building = mkdtempSync(`${folder}.`);
  try {
    say(`installing moto ${VERSION} for the AWS tests, about a minute, once`);
    const options = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
    const args = ['-m', 'pip', 'install', ...options, '--target', building, ...PACKAGES];
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
