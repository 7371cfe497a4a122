/** The bridge of the pods, and the CNI configuration that connects them to it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Networks } from './addresses.ts';
import type { Run } from './run.ts';

/** Creates the bridge before the first pod: kubelet looks for the address of the node on it when it starts. */
export function makeBridge(name: string, networks: Networks): void {
  // Without a fixed hardware address, the bridge changes its address with each pod, and pods use the old one.
  const hardware = `02:${name.slice(-8).match(/../g)?.join(':')}:01`;
  ip('link', 'add', name, 'address', hardware, 'type', 'bridge');
  ip('address', 'add', `${networks.bridgeAddress}/24`, 'dev', name);
  ip('link', 'set', name, 'up');
}

export function removeBridge(name: string): void {
  if (existsSync(`/sys/class/net/${name}`)) ip('link', 'delete', name);
}

/** Writes the CNI configuration. @returns its folder */
export function writeCniConfiguration(run: Run, networks: Networks): string {
  const folder = path.join(run.directory, 'cni');
  mkdirSync(folder);
  const bridge = {
    type: 'bridge',
    bridge: run.name,
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: networks.pods, gateway: networks.bridgeAddress }]],
      routes: [{ dst: '0.0.0.0/0' }],
      dataDir: path.join(run.directory, 'cni-addresses'),
    },
  };
  const list = { cniVersion: '0.4.0', name: run.name, plugins: [bridge] };
  writeFileSync(path.join(folder, '10-bridge.conflist'), JSON.stringify(list));
  return folder;
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr.trim()}`);
}
