/** The configuration files of a node. */
import path from 'node:path';
import type { KeyPair } from './credentials.ts';
import type { Snapshotter } from './options.ts';
import type { ContainerdPrograms } from './toolchain/toolchain.ts';

export const PAUSE_IMAGE = 'localhost/pause:3';

export interface ContainerdFolders {
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  readonly cni: string;
  /** For files that containerd keeps in fixed places by default. */
  readonly other: string;
}

// Strings, numbers and arrays have the same syntax in JSON and TOML.
const quote = JSON.stringify;

export function containerdConfiguration(
  programs: ContainerdPrograms,
  folders: ContainerdFolders,
  snapshotter: Snapshotter,
): string {
  const common = `
root = ${quote(folders.root)}
state = ${quote(folders.state)}
[grpc]
  address = ${quote(folders.socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${quote(path.join(folders.other, 'opt'))}
`;
  const runcOptions = `Root = ${quote(path.join(folders.other, 'runc'))}\n    SystemdCgroup = false`;
  switch (programs.majorVersion) {
    case 1:
      return `version = 2
${common}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(PAUSE_IMAGE)}
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${quote(programs.cniPlugins)}
    conf_dir = ${quote(folders.cni)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${quote(snapshotter)}
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    ${runcOptions}
`;
    case 2:
      return `version = 3
${common}
[plugins.'io.containerd.cri.v1.images']
  snapshotter = ${quote(snapshotter)}
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = ${quote(PAUSE_IMAGE)}
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = [${quote(programs.cniPlugins)}]
    conf_dir = ${quote(folders.cni)}
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    ${runcOptions}
`;
  }
}

export interface KubeletSettings {
  readonly directory: string;
  /** The folder for the logs of its pods. */
  readonly logs: string;
  readonly socket: string;
  readonly cgroup: string;
  readonly port: number;
  readonly caFile: string;
  readonly serving: KeyPair;
  readonly resolvConf: string;
  readonly clusterDns: string;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

export function kubeletConfiguration(settings: KubeletSettings): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: settings.caFile },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    // No DNS server runs there, but a test may start one. Without an address, every pod gets a warning.
    clusterDNS: [settings.clusterDns],
    clusterDomain: 'cluster.local',
    cgroupRoot: `/${settings.cgroup}`,
    containerRuntimeEndpoint: `unix://${settings.socket}`,
    enforceNodeAllocatable: [],
    // Eviction depends on the disk of the machine, which a test cannot control.
    evictionHard: {
      'memory.available': '1Mi',
      'nodefs.available': '1Mi',
      'nodefs.inodesFree': '1',
      'imagefs.available': '1Mi',
    },
    failCgroupV1: false,
    failSwapOn: false,
    // Lets kubelet run in a container that may not write kernel settings.
    featureGates: { KubeletInUserNamespace: true, ...settings.featureGates },
    healthzPort: 0,
    imageGCHighThresholdPercent: 100,
    localStorageCapacityIsolation: false,
    makeIPTablesUtilChains: false,
    podLogsDir: settings.logs,
    port: settings.port,
    readOnlyPort: 0,
    resolvConf: settings.resolvConf,
    tlsCertFile: settings.serving.cert,
    tlsPrivateKeyFile: settings.serving.key,
    volumePluginDir: path.join(settings.directory, 'volume-plugins'),
  });
}
