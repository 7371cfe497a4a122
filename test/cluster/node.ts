/** Starts a node: bridge, containerd, kubelet and kube-proxy. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePorts, type Networks } from './addresses.ts';
import { makeCgroups } from './cgroups.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Credentials } from './credentials.ts';
import type { Daemons } from './daemon.ts';
import { hasClusterRules } from './firewall.ts';
import { writeBusyboxImages } from './images.ts';
import { addAgentAddresses, makeBridge, writeCniConfiguration } from './network.ts';
import { containerdConfiguration, kubeletConfiguration } from './node-configuration.ts';
import type { NodeFacts, Order } from './options.ts';
import type { Run } from './run.ts';

const NAME = 'node-1';

export interface StartedNode {
  readonly facts: NodeFacts;
  /** Joins the cluster. Resolves when pods can run. */
  join(controlPlane: ControlPlane): Promise<JoinedNode>;
}

export interface JoinedNode {
  /** Restarts kubelet; pods keep running. Resolves when kubelet answers. */
  restartKubelet(featureGates: Readonly<Record<string, boolean>>): Promise<void>;
}

type FeatureGates = Readonly<Record<string, boolean>>;

/** Starts the programs that need no API server. */
export async function startNode(
  run: Run,
  order: Order,
  daemons: Daemons,
  credentials: Credentials,
  networks: Networks,
): Promise<StartedNode> {
  const programs = order.toolchain.containerd;
  if (programs === undefined) throw new Error('the toolchain of a node must have containerd');
  // Programs in pods run as other users and must be able to enter; private folders have their own modes.
  chmodSync(run.directory, 0o711);
  makeCgroups(run.name);
  makeBridge(run.name, networks);
  const agentAddresses = addAgentAddresses(run.name);
  const folders = {
    root: path.join(run.directory, 'containerd'),
    state: path.join(run.directory, 'containerd-state'),
    socket: path.join(run.directory, 'containerd.sock'),
    cni: writeCniConfiguration(run, networks),
    other: path.join(run.directory, 'containerd-other'),
  };
  mkdirSync(folders.other);
  const configuration = path.join(run.directory, 'containerd.toml');
  writeFileSync(configuration, containerdConfiguration(programs, folders));
  daemons.start('containerd', programs.containerd, ['--config', configuration], [programs.shimFolder]);
  const ctr = (...args: readonly string[]): boolean =>
    spawnSync(programs.ctr, ['--address', folders.socket, '--namespace', 'k8s.io', ...args]).status === 0;
  await daemons.ready('containerd', 60, () => ctr('version'));
  const archive = writeBusyboxImages(run.directory);
  await daemons.ready('containerd', 30, () => ctr('images', 'import', archive));
  const kubeletRoot = path.join(run.directory, 'kubelet');
  const facts = {
    name: NAME,
    kubeletRoot,
    containerdRoot: folders.root,
    containerdSocket: folders.socket,
    ctr: programs.ctr,
    agentAddresses,
  };
  return {
    facts,
    join: async ({ apiServerUrl, kubeconfig }) => {
      const { kubectl } = order.toolchain;
      const start = await prepareKubelet(run, order, daemons, credentials, networks, facts, apiServerUrl);
      start(order.options.kubeletFeatureGates ?? {});
      await startKubeProxy(order, daemons, credentials, networks, apiServerUrl);
      await daemons.ready('kubelet', 60, () => nodeIsReady(kubectl, kubeconfig));
      await daemons.ready('kube-proxy', 60, hasClusterRules);
      return {
        restartKubelet: async (featureGates) => {
          await daemons.stop('kubelet');
          start(featureGates);
          await daemons.ready('kubelet', 60, () => kubeletAnswers(kubectl, kubeconfig));
        },
      };
    },
  };
}

/** Prepares kubelet. @returns a function that starts it */
async function prepareKubelet(
  run: Run,
  { toolchain }: Order,
  daemons: Daemons,
  credentials: Credentials,
  networks: Networks,
  facts: NodeFacts,
  apiServerUrl: string,
): Promise<(featureGates: FeatureGates) => void> {
  const [port = 0] = await freePorts(1);
  // Pods must not depend on the DNS servers of this machine.
  const resolvConf = path.join(run.directory, 'resolv.conf');
  writeFileSync(resolvConf, `nameserver ${networks.bridgeAddress}\noptions timeout:1 attempts:1\n`);
  const configuration = path.join(run.directory, 'kubelet.json');
  const settings = {
    directory: run.directory,
    socket: facts.containerdSocket,
    cgroup: run.name,
    port,
    caFile: credentials.caFile,
    serving: await credentials.server('kubelet-serving', [NAME, networks.bridgeAddress]),
    resolvConf,
    clusterDns: networks.bridgeAddress,
  };
  const subject = { user: `system:node:${NAME}`, group: 'system:nodes' };
  const kubeconfig = await credentials.kubeconfig('kubelet', subject, apiServerUrl);
  return (featureGates) => {
    writeFileSync(configuration, kubeletConfiguration({ ...settings, featureGates }));
    daemons.start('kubelet', toolchain.kubelet, [
      `--config=${configuration}`,
      `--kubeconfig=${kubeconfig}`,
      `--root-dir=${facts.kubeletRoot}`,
      `--cert-dir=${path.join(run.directory, 'pki')}`,
      `--hostname-override=${NAME}`,
      `--node-ip=${networks.bridgeAddress}`,
    ]);
  };
}

async function startKubeProxy(
  { toolchain }: Order,
  daemons: Daemons,
  credentials: Credentials,
  networks: Networks,
  apiServerUrl: string,
): Promise<void> {
  const [health, metrics] = await freePorts(2);
  const kubeconfig = await credentials.kubeconfig('kube-proxy', { user: 'system:kube-proxy' }, apiServerUrl);
  daemons.start('kube-proxy', toolchain.kubeProxy, [
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${NAME}`,
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

function nodeIsReady(kubectl: string, kubeconfig: string): boolean {
  const ready = '{.status.conditions[?(@.type=="Ready")].status}';
  const args = [`--kubeconfig=${kubeconfig}`, 'get', 'node', NAME, '--output', `jsonpath=${ready}`];
  return spawnSync(kubectl, args, { encoding: 'utf8' }).stdout === 'True';
}

/** Asks kubelet itself: the condition of the node could be that of the previous kubelet. */
function kubeletAnswers(kubectl: string, kubeconfig: string): boolean {
  const args = [`--kubeconfig=${kubeconfig}`, 'get', `--raw=/api/v1/nodes/${NAME}/proxy/healthz`];
  return spawnSync(kubectl, args, { encoding: 'utf8' }).stdout === 'ok';
}
