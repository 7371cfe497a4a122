/** The Debian packages of the toolchain: programs of a node that are not built from Go modules. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

interface Need {
  readonly package: string;
  /** A program in the PATH, or an absolute file name. */
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

/** The missing packages that a node needs. */
export function missingPackages(): readonly string[] {
  return NEEDS.filter((need) => findProgram(need.has) === undefined).map((need) => need.package);
}

/** Installs missing packages with apt-get. @returns why that failed, or undefined */
export function installPackages(): string | undefined {
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  const which = `${missing.join(', ')} missing`;
  if (process.getuid?.() !== 0 || findProgram('apt-get') === undefined)
    return `${which}; installing packages needs apt-get and root`;
  process.stderr.write(`installing ${missing.join(', ')} …\n`);
  const started = performance.now();
  // The package lists may be outdated: in this case, they are updated.
  const installed = aptInstall(missing) || (aptGet(['update']) && aptInstall(missing));
  if (!installed) return `${which}; apt-get could not install them`;
  process.stderr.write(`installed in ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  const still = missingPackages();
  return still.length === 0 ? undefined : `${still.join(', ')} missing after installation`;
}

/** @returns the absolute path of the program, also from the sbin folders, or undefined */
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
  // Its output is ignored, because stdout may be the report of a test.
  const { status } = spawnSync('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
  });
  return status === 0;
}
