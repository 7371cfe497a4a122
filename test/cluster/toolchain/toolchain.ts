/** The programs of a cluster, built or installed, or the reason why a cluster is not possible here. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build, isBuilt } from './build.ts';
import { CNI_PLUGINS, findProgram, installPackages } from './packages.ts';
import {
  containerdModules,
  etcdModules,
  type KubernetesVersion,
  kubernetesModules,
  type ModuleSet,
  wantedKubernetes,
} from './versions.ts';

/** A cluster without or with a node that runs pods. */
export type Level = 'control-plane' | 'node';

/** Absolute paths of programs. */
export interface Toolchain {
  readonly kubernetes: KubernetesVersion;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kubectl: string;
  readonly etcd: string;
  readonly kubelet: string;
  readonly kubeProxy: string;
  /** Undefined without a node. */
  readonly containerd: ContainerdPrograms | undefined;
}

export interface ContainerdPrograms {
  readonly containerd: string;
  readonly ctr: string;
  /** The folder of the shim of containerd. */
  readonly shimFolder: string;
  readonly majorVersion: 1 | 2;
  readonly cniPlugins: string;
}

/**
 * Why no cluster of this level can run here, as a reason to skip tests. Installs Debian packages if nothing else is
 * missing, but builds nothing.
 */
export function clusterUnavailable(level: Level = 'node'): string | undefined {
  if (process.platform !== 'linux') return `a cluster needs Linux, not ${process.platform}`;
  const unbuilt = moduleSets(level, wantedKubernetes()).filter((modules) => !isBuilt(modules));
  if (unbuilt.length > 0 && spawnSync('go', ['version']).status !== 0)
    return `building ${unbuilt.map(({ name }) => name).join(', ')} needs Go, which is not installed`;
  if (level === 'control-plane') return undefined;
  if (process.getuid?.() !== 0) return 'a node that runs pods needs root';
  return installPackages();
}

/** Builds missing programs. @throws Error if a build fails or packages are missing */
export async function provideToolchain(level: Level, kubernetes: KubernetesVersion): Promise<Toolchain> {
  const reason = level === 'node' ? installPackages() : undefined;
  if (reason !== undefined) throw new Error(reason);
  const programs = await build(kubernetesModules(kubernetes));
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const asset = (name: string, otherwise: string): string => {
    const file = assets ? path.join(assets, name) : '';
    return file !== '' && existsSync(file) ? file : otherwise;
  };
  const built = (name: string): string => path.join(programs, name);
  return {
    kubernetes,
    apiServer: asset('kube-apiserver', built('kube-apiserver')),
    controllerManager: built('kube-controller-manager'),
    scheduler: built('kube-scheduler'),
    kubectl: asset('kubectl', built('kubectl')),
    // Go names a program after its package folder.
    etcd: asset('etcd', path.join(await build(etcdModules()), 'server')),
    kubelet: built('kubelet'),
    kubeProxy: built('kube-proxy'),
    containerd: level === 'node' ? await provideContainerd(kubernetes) : undefined,
  };
}

async function provideContainerd(kubernetes: KubernetesVersion): Promise<ContainerdPrograms> {
  if (needsContainerd2(kubernetes)) {
    const folder = await build(containerdModules());
    return {
      containerd: path.join(folder, 'containerd'),
      ctr: path.join(folder, 'ctr'),
      shimFolder: folder,
      majorVersion: 2,
      cniPlugins: CNI_PLUGINS,
    };
  }
  const containerd = findProgram('containerd') ?? 'containerd';
  return {
    containerd,
    ctr: findProgram('ctr') ?? 'ctr',
    shimFolder: path.dirname(containerd),
    majorVersion: installedMajor(containerd),
    cniPlugins: CNI_PLUGINS,
  };
}

function installedMajor(containerd: string): 1 | 2 {
  const { stdout } = spawnSync(containerd, ['--version'], { encoding: 'utf8' });
  return /\bv?2\.\d+\.\d+/.test(stdout) ? 2 : 1;
}

/** Kubernetes up to 1.35 works with containerd 1.6 of Debian. */
function needsContainerd2(kubernetes: KubernetesVersion): boolean {
  switch (kubernetes) {
    case '1.34':
    case '1.35':
      return false;
    case '1.37':
      return true;
  }
}

function moduleSets(level: Level, kubernetes: KubernetesVersion): readonly ModuleSet[] {
  const sets = [kubernetesModules(kubernetes), etcdModules()];
  return level === 'node' && needsContainerd2(kubernetes) ? [...sets, containerdModules()] : sets;
}
