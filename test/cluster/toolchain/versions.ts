/** The programs to build and their module files, which define the exact versions. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const KUBERNETES_VERSIONS = ['1.34', '1.35', '1.37'] as const;
export type KubernetesVersion = (typeof KUBERNETES_VERSIONS)[number];

export const DEFAULT_KUBERNETES: KubernetesVersion = '1.35';

export interface ModuleSet {
  /** The name of the folder with go.mod and go.sum, and the first part of the name of the cache folder. */
  readonly name: string;
  readonly folder: string;
  /** With a leading v. */
  readonly version: string;
  readonly packages: readonly string[];
  readonly buildFlags: readonly string[];
  /** Estimated minutes of a build without a cache on two cores, for the progress message. */
  readonly minutes: number;
}

/** The version in KUBERNETES_VERSION, else the default. @throws Error for an unsupported version */
export function wantedKubernetes(): KubernetesVersion {
  const wanted = process.env['KUBERNETES_VERSION'];
  if (wanted === undefined || wanted === '') return DEFAULT_KUBERNETES;
  const found = KUBERNETES_VERSIONS.find((version) => version === wanted.replace(/^v/, ''));
  if (found === undefined)
    throw new Error(`Kubernetes ${wanted} is not supported; use ${KUBERNETES_VERSIONS.join(', ')}`);
  return found;
}

/** Whether Kubernetes supports variables from files. In 1.34, they are behind a feature gate, in another format. */
export function hasFileKeys(version: KubernetesVersion): boolean {
  switch (version) {
    case '1.34':
      return false;
    case '1.35':
    case '1.37':
      return true;
  }
}

export function kubernetesModules(minor: KubernetesVersion): ModuleSet {
  const name = `kubernetes-${minor}`;
  const version = requiredVersion(name, 'k8s.io/kubernetes');
  return {
    ...moduleSet(name, version, 6),
    packages: [
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kubelet',
      'kubectl',
      'kube-proxy',
    ].map((program) => `k8s.io/kubernetes/cmd/${program}`),
    buildFlags: ['-ldflags', `-s -w ${versionStamps(version)}`],
  };
}

export function etcdModules(): ModuleSet {
  const module = 'go.etcd.io/etcd/server/v3';
  return {
    ...moduleSet('etcd', requiredVersion('etcd', module), 1),
    packages: [module],
    buildFlags: ['-ldflags', '-s -w'],
  };
}

export function containerdModules(): ModuleSet {
  const module = 'github.com/containerd/containerd/v2';
  return {
    ...moduleSet('containerd', requiredVersion('containerd', module), 2),
    packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => `${module}/cmd/${name}`),
    buildFlags: ['-tags', 'no_btrfs,no_zfs', '-ldflags', '-s -w'],
  };
}

export const HELM_VERSIONS = ['4', '3'] as const;
/** The major version of Helm. */
export type HelmVersion = (typeof HELM_VERSIONS)[number];

export function helmModules(major: HelmVersion): ModuleSet {
  const name = `helm-${major}`;
  const module = `helm.sh/helm/v${major}`;
  const version = requiredVersion(name, module);
  return {
    ...moduleSet(name, version, 3),
    packages: [`${module}/cmd/helm`],
    buildFlags: ['-ldflags', `-s -w ${helmStamps(name, module, version)}`],
  };
}

// Without them, Helm 3 renders for Kubernetes 1.20.
function helmStamps(name: string, module: string, version: string): string {
  const minor = requiredVersion(name, 'k8s.io/client-go').split('.')[1];
  return [
    `-X ${module}/internal/version.version=${version}`,
    `-X ${module}/pkg/chartutil.k8sVersionMajor=1`,
    `-X ${module}/pkg/chartutil.k8sVersionMinor=${minor}`,
  ].join(' ');
}

/** Prometheus discovers its targets in Kubernetes, or in files. */
export function prometheusModules(): ModuleSet {
  const module = 'github.com/prometheus/prometheus';
  return {
    ...moduleSet('prometheus', requiredVersion('prometheus', module), 5),
    packages: ['prometheus', 'promtool'].map((name) => `${module}/cmd/${name}`),
    buildFlags: ['-tags', 'remove_all_sd,enable_kubernetes_sd', '-ldflags', '-s -w'],
  };
}

export function kubeStateMetricsModules(): ModuleSet {
  const module = 'k8s.io/kube-state-metrics/v2';
  return {
    ...moduleSet('kube-state-metrics', requiredVersion('kube-state-metrics', module), 2),
    packages: [module],
    buildFlags: ['-ldflags', '-s -w'],
  };
}

/** A program of the tests, with one file, main.go. @param minutes as in ModuleSet */
export function sourceModules(name: string, folder: string, minutes: number): ModuleSet {
  // The source has no module version, so its hash decides whether it must be rebuilt.
  const source = createHash('sha256').update(readFileSync(path.join(folder, 'main.go')));
  const buildFlags = ['-ldflags', '-s -w'];
  return { name, folder, version: source.digest('hex').slice(0, 12), packages: ['.'], buildFlags, minutes };
}

function moduleSet(
  name: string,
  version: string,
  minutes: number,
): Pick<ModuleSet, 'name' | 'folder' | 'version' | 'minutes'> {
  return { name, folder: path.join(import.meta.dirname, name), version, minutes };
}

function requiredVersion(name: string, module: string): string {
  const text = readFileSync(path.join(import.meta.dirname, name, 'go.mod'), 'utf8');
  const line = text.split('\n').find((each) => each.replace('require', '').trim().startsWith(`${module} v`));
  const version = line?.split(`${module} `)[1]?.split(' ')[0];
  if (version === undefined) throw new Error(`${name}/go.mod does not require ${module}`);
  return version;
}

// Without them, the server reports v0.0.0, and its version-dependent feature gates are wrong.
function versionStamps(version: string): string {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((place) => Object.entries(values).map(([name, value]) => `-X ${place}.${name}=${value}`))
    .join(' ');
}
