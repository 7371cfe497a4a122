/** The bridge that pods hang on, and the CNI configuration that hangs them there. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Networks } from './addresses.ts';
import type { Run } from './run.ts';

/** Makes the bridge before any pod does: kubelet looks for the node's address on it when it starts. */
export function makeBridge(name: string, networks: Networks): void {
  // A bridge without an address of its own changes it with each pod, and pods would talk to the former one.
  const hardware = `02:${name.slice(-8).match(/../g)?.join(':')}:01`;
  ip('link', 'add', name, 'address', hardware, 'type', 'bridge');
  ip('address', 'add', `${networks.bridgeAddress}/24`, 'dev', name);
  ip('link', 'set', name, 'up');
}

export function removeBridge(name: string): void {
  if (existsSync(`/sys/class/net/${name}`)) ip('link', 'delete', name);
}

/** @returns the folder of the configuration */
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
