/** Debian's part of the toolchain: what a node needs and Go modules do not give. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

interface Need {
  readonly package: string;
  /** A program on the path, or an absolute file. */
  readonly has: string;
}

export const CNI_PLUGINS = '/usr/lib/cni';

const NEEDS: readonly Need[] = [
  { package: 'containerd', has: 'containerd' },
  { package: 'runc', has: 'runc' },
  { package: 'containernetworking-plugins', has: `${CNI_PLUGINS}/bridge` },
  { package: 'iptables', has: 'iptables-restore' },
  { package: 'iproute2', has: 'ip' },
  { package: 'buildah', has: 'buildah' },
  { package: 'busybox-static', has: 'busybox' },
];

/** Packages that a node needs and that are not there. */
export function missingPackages(): readonly string[] {
  return NEEDS.filter((need) => findProgram(need.has) === undefined).map((need) => need.package);
}

/** Installs with apt-get what is missing. @returns why that was not possible, else undefined */
export function installPackages(): string | undefined {
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  const which = `${missing.join(', ')} missing`;
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined)
    return `${which}, and no apt-get as root`;
  process.stderr.write(`installing ${missing.join(', ')} …\n`);
  const started = performance.now();
  // The lists may be older than the archive: only then are they fetched anew.
  const installed = aptInstall(missing) || (aptGet(['update']) && aptInstall(missing));
  if (!installed) return `${which}, and apt-get could not install them`;
  process.stderr.write(`installed in ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  const still = missingPackages();
  return still.length === 0 ? undefined : `${still.join(', ')} missing after installing`;
}

/** @returns the program's absolute path, also from the administrator's folders, or undefined */
export function findProgram(name: string): string | undefined {
  if (path.isAbsolute(name)) return existsSync(name) ? name : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function aptInstall(packages: readonly string[]): boolean {
  return aptGet(['install', '-y', '--no-install-recommends', ...packages]);
}

function aptGet(args: readonly string[]): boolean {
  // Its output is for people who install by hand; stdout may be a test's report.
  const { status } = spawnSync('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
  });
  return status === 0;
}
