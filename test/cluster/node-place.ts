/** What a node has for itself on the machine that all nodes share. */
import path from 'node:path';
import type { Networks } from './addresses.ts';
import type { Run } from './run.ts';

export interface NodePlace {
  readonly name: string;
  /** For the files of its kubelet and its containerd. */
  readonly directory: string;
  /** The parent of the cgroups of its pods, below the root of each hierarchy. */
  readonly cgroup: string;
  /** Its own address on the bridge. */
  readonly address: string;
  /** The first and the last address of its pods. */
  readonly podAddresses: readonly [first: string, last: string];
}

/** The number of nodes that the network has addresses for. */
export const MOST_NODES = 6;
/** The first node runs the pods of most tests. */
const FIRST_NODE_PODS = 120;
const OTHER_NODE_PODS = 24;
const FIRST_POD = 10;

/** @param index 0 for the node with which the cluster starts */
export function nodePlace(run: Run, networks: Networks, index: number): NodePlace {
  if (index >= MOST_NODES) throw new Error(`the network has addresses for ${MOST_NODES} nodes`);
  const name = `node-${index + 1}`;
  const address = (last: number): string => networks.bridgeAddress.replace(/\d+$/, String(last));
  const first = index === 0 ? FIRST_POD : FIRST_POD + FIRST_NODE_PODS + (index - 1) * OTHER_NODE_PODS;
  const count = index === 0 ? FIRST_NODE_PODS : OTHER_NODE_PODS;
  return {
    name,
    directory: path.join(run.directory, name),
    cgroup: path.join(run.name, `${run.name}-${name}`),
    address: address(1 + index),
    podAddresses: [address(first), address(first + count - 1)],
  };
}
