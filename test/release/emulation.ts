/** Emulation of arm64, as the kernel provides it for builds in containers. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { installDebianPackage } from '../setup/debian-package.ts';

const FOLDER = '/proc/sys/fs/binfmt_misc';
const HANDLER = `${FOLDER}/qemu-aarch64`;
/** Where Debian's packages describe the handler. */
const DESCRIPTION = '/usr/lib/binfmt.d/qemu-aarch64.conf';

export interface Emulation {
  /** Ends what was not there before. */
  [Symbol.dispose](): void;
}

/** Makes the kernel run programs for arm64. @returns why that is not possible, as an Error */
export async function emulateArm64(): Promise<Emulation | Error> {
  if (process.arch === 'arm64' || existsSync(HANDLER)) return { [Symbol.dispose]: () => undefined };
  if (process.getuid?.() !== 0) return new Error('emulation of arm64 needs root');
  if (!existsSync(DESCRIPTION) && !(await installDebianPackage('qemu-user-static')))
    return new Error('qemu-user-static is not installed, and could not be');
  if (!existsSync(`${FOLDER}/register`)) spawnSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', FOLDER]);
  try {
    writeFileSync(`${FOLDER}/register`, readFileSync(DESCRIPTION, 'utf8').trim());
  } catch {
    return new Error('the kernel does not let this machine register an emulator (binfmt_misc)');
  }
  return { [Symbol.dispose]: () => writeFileSync(HANDLER, '-1') };
}
