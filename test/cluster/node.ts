/** Starts nodes: bridge, containerd, kubelet and kube-proxy. Each node has its own containerd, kubelet and cgroups. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePorts, type Networks } from './addresses.ts';
import { makeCgroups, preferCgroups } from './cgroups.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Credentials } from './credentials.ts';
import type { Daemons } from './daemon.ts';
import { hasClusterRules } from './firewall.ts';
import { busyboxArchive, writeBusyboxImages } from './images.ts';
import { addAgentAddresses, addNodeAddress, makeBridge, writeCniConfiguration } from './network.ts';
import { containerdConfiguration, kubeletConfiguration } from './node-configuration.ts';
import type { NodePlace } from './node-place.ts';
import type { NodeFacts, Order } from './options.ts';
import { killAll, processesInCgroup } from './processes.ts';
import type { Run } from './run.ts';
import { until } from './until.ts';

export const KUBE_PROXY = 'kube-proxy';

export interface StartedNode {
  readonly facts: NodeFacts;
  /** Joins the cluster. Resolves when pods can run. */
  join(controlPlane: ControlPlane): Promise<JoinedNode>;
}

export interface JoinedNode {
  /** Restarts kubelet; pods keep running. Resolves when kubelet answers. */
  restartKubelet(featureGates: FeatureGates): Promise<void>;
  /** Ends everything at once, as when the machine of the node fails. */
  lose(): Promise<void>;
}

type FeatureGates = Readonly<Record<string, boolean>>;

/** What all nodes have in common. */
export interface Machine {
  readonly run: Run;
  readonly order: Order;
  readonly daemons: Daemons;
  readonly credentials: Credentials;
  readonly networks: Networks;
  readonly agentAddresses: readonly string[];
}

/** Prepares this machine for nodes. */
export function prepareMachine(
  run: Run,
  order: Order,
  daemons: Daemons,
  credentials: Credentials,
  networks: Networks,
): Machine {
  // Programs in pods run as other users and must be able to enter; private folders have their own modes.
  chmodSync(run.directory, 0o711);
  makeCgroups(run.name);
  preferCgroups(run.name);
  makeBridge(run.name, networks);
  // Pods must not depend on the DNS servers of this machine.
  writeFileSync(
    path.join(run.directory, 'resolv.conf'),
    `nameserver ${networks.bridgeAddress}\noptions timeout:1 attempts:1\n`,
  );
  writeBusyboxImages(run.directory);
  return { run, order, daemons, credentials, networks, agentAddresses: addAgentAddresses(run.name) };
}

/** Starts the programs of a node that need no API server, and imports images. @param archives of images */
export async function startNode(
  machine: Machine,
  place: NodePlace,
  archives: readonly string[] = [],
): Promise<StartedNode> {
  const { run, order, daemons, networks } = machine;
  const programs = order.toolchain.containerd;
  if (programs === undefined) throw new Error('the toolchain of a node must have containerd');
  mkdirSync(place.directory);
  makeCgroups(place.cgroup);
  if (place.address !== networks.bridgeAddress) addNodeAddress(run.name, place.address);
  const folders = {
    root: path.join(place.directory, 'containerd'),
    state: path.join(place.directory, 'containerd-state'),
    socket: path.join(place.directory, 'containerd.sock'),
    cni: writeCniConfiguration(run, networks, place),
    other: path.join(place.directory, 'containerd-other'),
  };
  mkdirSync(folders.other);
  const configuration = path.join(place.directory, 'containerd.toml');
  const { snapshotter = 'native' } = order.options;
  writeFileSync(configuration, containerdConfiguration(programs, folders, snapshotter));
  const containerd = `containerd-${place.name}`;
  daemons.start(containerd, programs.containerd, ['--config', configuration], [programs.shimFolder]);
  const ctr = (...args: readonly string[]): boolean =>
    spawnSync(programs.ctr, ['--address', folders.socket, '--namespace', 'k8s.io', ...args]).status === 0;
  await daemons.ready(containerd, 60, () => ctr('version'));
  for (const archive of [busyboxArchive(run.directory), ...archives])
    await daemons.ready(containerd, 30, () => ctr('images', 'import', archive));
  const facts = {
    name: place.name,
    kubeletRoot: path.join(place.directory, 'kubelet'),
    containerdRoot: folders.root,
    containerdState: folders.state,
    containerdSocket: folders.socket,
    ctr: programs.ctr,
    agentAddresses: machine.agentAddresses,
  };
  return { facts, join: async (controlPlane) => await join(machine, place, facts, controlPlane) };
}

async function join(
  machine: Machine,
  place: NodePlace,
  facts: NodeFacts,
  { apiServerUrl, kubeconfig }: ControlPlane,
): Promise<JoinedNode> {
  const { order, daemons } = machine;
  const { kubectl } = order.toolchain;
  const kubelet = `kubelet-${place.name}`;
  const start = await prepareKubelet(machine, place, facts, apiServerUrl);
  start(order.options.kubeletFeatureGates ?? {});
  await startKubeProxy(machine, apiServerUrl);
  await daemons.ready(kubelet, 60, () => nodeIsReady(kubectl, kubeconfig, place.name));
  await daemons.ready(KUBE_PROXY, 60, hasClusterRules);
  return {
    restartKubelet: async (featureGates) => {
      await daemons.stop(kubelet);
      start(featureGates);
      await daemons.ready(kubelet, 60, () => kubeletAnswers(kubectl, kubeconfig, place.name));
    },
    lose: async () => {
      await daemons.kill(kubelet);
      await daemons.kill(`containerd-${place.name}`);
      await killPods(place);
    },
  };
}

async function killPods({ name, cgroup }: NodePlace): Promise<void> {
  await until(`every process of ${name} to end`, { seconds: 30 }, () => {
    const pids = processesInCgroup(path.basename(cgroup));
    killAll(pids);
    if (pids.length > 0) throw new Error(`still running: ${pids.join(', ')}`);
    return true;
  });
}

/** Prepares kubelet. @returns a function that starts it */
async function prepareKubelet(
  { run, order, daemons, credentials, networks }: Machine,
  place: NodePlace,
  facts: NodeFacts,
  apiServerUrl: string,
): Promise<(featureGates: FeatureGates) => void> {
  const [port = 0] = await freePorts(1);
  const configuration = path.join(place.directory, 'kubelet.json');
  const settings = {
    directory: place.directory,
    logs: path.join(run.directory, 'logs', `pods-${place.name}`),
    socket: facts.containerdSocket,
    cgroup: place.cgroup,
    port,
    caFile: credentials.caFile,
    serving: await credentials.server(`kubelet-serving-${place.name}`, [place.name, place.address]),
    resolvConf: path.join(run.directory, 'resolv.conf'),
    clusterDns: networks.bridgeAddress,
  };
  const subject = { user: `system:node:${place.name}`, group: 'system:nodes' };
  const kubeconfig = await credentials.kubeconfig(`kubelet-${place.name}`, subject, apiServerUrl);
  return (featureGates) => {
    writeFileSync(configuration, kubeletConfiguration({ ...settings, featureGates }));
    daemons.start(`kubelet-${place.name}`, order.toolchain.kubelet, [
      `--config=${configuration}`,
      `--kubeconfig=${kubeconfig}`,
      `--root-dir=${facts.kubeletRoot}`,
      `--cert-dir=${path.join(place.directory, 'pki')}`,
      `--hostname-override=${place.name}`,
      `--node-ip=${place.address}`,
    ]);
  };
}

/** One for all nodes: they share the firewall of the machine. */
async function startKubeProxy(
  { order: { toolchain }, daemons, credentials, networks }: Machine,
  apiServerUrl: string,
): Promise<void> {
  if (daemons.isRunning(KUBE_PROXY)) return;
  const [health, metrics] = await freePorts(2);
  const kubeconfig = await credentials.kubeconfig('kube-proxy', { user: 'system:kube-proxy' }, apiServerUrl);
  daemons.start(KUBE_PROXY, toolchain.kubeProxy, [
    `--kubeconfig=${kubeconfig}`,
    '--hostname-override=node-1',
    '--proxy-mode=iptables',
    `--cluster-cidr=${networks.pods}`,
    // Otherwise a pod's reply to another pod on the same bridge would bypass the rules that restore its address.
    '--masquerade-all',
    '--iptables-localhost-nodeports=false',
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0',
    '--conntrack-tcp-timeout-close-wait=0',
    `--healthz-bind-address=127.0.0.1:${health}`,
    `--metrics-bind-address=127.0.0.1:${metrics}`,
  ]);
}

function nodeIsReady(kubectl: string, kubeconfig: string, name: string): boolean {
  const ready = '{.status.conditions[?(@.type=="Ready")].status}';
  const args = [`--kubeconfig=${kubeconfig}`, 'get', 'node', name, '--output', `jsonpath=${ready}`];
  return spawnSync(kubectl, args, { encoding: 'utf8' }).stdout === 'True';
}

/** Asks kubelet itself: the condition of the node could be that of the previous kubelet. */
function kubeletAnswers(kubectl: string, kubeconfig: string, name: string): boolean {
  const args = [`--kubeconfig=${kubeconfig}`, 'get', `--raw=/api/v1/nodes/${name}/proxy/healthz`];
  return spawnSync(kubectl, args, { encoding: 'utf8' }).stdout === 'ok';
}
