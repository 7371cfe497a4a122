/** The bridge of the pods, and the CNI configuration that connects them to it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Networks } from './addresses.ts';
import { restrictToBridge } from './firewall.ts';
import type { NodePlace } from './node-place.ts';
import type { Run } from './run.ts';

// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
const AGENT_IPV4 = '169.254.170.23';
const AGENT_IPV6 = 'fd00:ec2::23';

/** Creates the bridge before the first pod: kubelet looks for the address of the node on it when it starts. */
export function makeBridge(name: string, networks: Networks): void {
  // Without a fixed hardware address, the bridge changes its address with each pod, and pods use the old one.
  const hardware = `02:${name.slice(-8).match(/../g)?.join(':')}:01`;
  ip('link', 'add', name, 'address', hardware, 'type', 'bridge');
  ip('address', 'add', `${networks.bridgeAddress}/24`, 'dev', name);
  ip('link', 'set', name, 'up');
}

/**
 * Adds the addresses of the EKS Pod Identity Agent to the bridge. The real agent adds them to an interface of the node.
 * Only pods can reach them.
 * @returns the addresses, the second one only if this machine has IPv6
 */
export function addAgentAddresses(bridge: string): readonly string[] {
  const addresses = [AGENT_IPV4, ...(hasIpv6() ? [AGENT_IPV6] : [])];
  for (const address of addresses) {
    restrictToBridge(bridge, address);
    // Without duplicate address detection, which would need a port on the bridge.
    const prefix = address === AGENT_IPV6 ? ['128', 'nodad'] : ['32'];
    ip('address', 'add', `${address}/${prefix[0]}`, 'dev', bridge, ...prefix.slice(1));
  }
  return addresses;
}

export function removeBridge(name: string): void {
  if (existsSync(`/sys/class/net/${name}`)) ip('link', 'delete', name);
}

/** Adds the address of a further node to the bridge. */
export function addNodeAddress(bridge: string, address: string): void {
  ip('address', 'add', `${address}/24`, 'dev', bridge);
}

/** Writes the CNI configuration of a node. @returns its folder */
export function writeCniConfiguration(run: Run, networks: Networks, place: NodePlace): string {
  const folder = path.join(place.directory, 'cni');
  mkdirSync(folder);
  const [rangeStart, rangeEnd] = place.podAddresses;
  const bridge = {
    type: 'bridge',
    bridge: run.name,
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: networks.pods, rangeStart, rangeEnd, gateway: networks.bridgeAddress }]],
      // Pods have link-local IPv6 addresses only, so they can reach nothing but neighbors on the bridge.
      routes: [{ dst: '0.0.0.0/0' }, ...(hasIpv6() ? [{ dst: `${AGENT_IPV6}/128` }] : [])],
      dataDir: path.join(place.directory, 'cni-addresses'),
    },
  };
  const list = { cniVersion: '0.4.0', name: run.name, plugins: [bridge] };
  writeFileSync(path.join(folder, '10-bridge.conflist'), JSON.stringify(list));
  return folder;
}

/** Whether pods can reach an IPv6 address on the bridge. */
export function hasIpv6(): boolean {
  return ['all', 'default'].every((scope) => {
    const setting = `/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`;
    return existsSync(setting) && readFileSync(setting, 'utf8').trim() === '0';
  });
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}
