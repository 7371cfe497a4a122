/** systemd itself, which reads `EnvironmentFile=` of a service for each file. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installDebianPackage } from '../setup/debian-package.ts';
import { fromFile, pathsOf, type Reader } from './reader.ts';

const PROGRAM = path.join(import.meta.dirname, 'programs/run-systemd.sh');
const PLACES = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'];

async function prepare(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'systemd starts as root only';
  if (!PLACES.some(existsSync)) await installDebianPackage('systemd');
  if (!PLACES.some(existsSync)) return 'systemd is not installed, and could not be';
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-systemd-'));
  try {
    const file = path.join(folder, 'env');
    writeFileSync(file, 'A=b\n');
    const started = await readBySystemd([file]).catch(() => [null]);
    return started[0] === null ? 'systemd does not start in namespaces here' : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A service for each file shows its variables; the last one ends systemd. */
async function readBySystemd(files: readonly string[]): Promise<readonly unknown[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-systemd-'));
  try {
    const units = path.join(folder, 'units');
    mkdirSync(units);
    const services = files.map((_, index) => `read-${index}.service`);
    const unit = (name: string, lines: readonly string[]) =>
      writeFileSync(path.join(units, name), `${lines.join('\n')}\n`);
    files.forEach((file, index) => {
      const copy = `/bin/cp /proc/self/environ ${folder}/${index}`;
      unit(`read-${index}.service`, [
        '[Unit]\nDefaultDependencies=no',
        `[Service]\nType=oneshot\nEnvironmentFile=${file}\nExecStart=${copy}`,
      ]);
    });
    unit('end.service', [
      `[Unit]\nDefaultDependencies=no\nSuccessAction=exit-force\nAfter=${services.join(' ')}`,
      '[Service]\nType=oneshot\nExecStart=/bin/true',
    ]);
    unit('readers.target', [`[Unit]\nDefaultDependencies=no\nWants=${services.join(' ')} end.service`]);
    // Whatever code it ends with, what counts is what the services left.
    await promisify(execFile)('bash', [PROGRAM, folder]).catch(() => undefined);
    return files.map((_, index) => variablesIn(path.join(folder, String(index))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a process has as variables, or null if it did not start. */
function variablesIn(file: string): unknown {
  if (!existsSync(file)) return null;
  const entries = readFileSync(file, 'utf8').split('\0').filter(Boolean);
  return fromFile(
    entries.map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)]),
  );
}

export const systemdReader: Reader = {
  name: 'systemd EnvironmentFile',
  reads: 'systemd',
  prepare,
  read: (files) => readBySystemd(pathsOf(files)),
};
