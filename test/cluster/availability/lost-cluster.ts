/** Loses every machine of a cluster but the data of etcd, and starts the cluster with new nodes. */
import type { Stage } from '../product/stage.ts';
import { until } from '../until.ts';

interface RunningPod {
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly object[] };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * Ends all nodes and the control plane at once, starts the control plane with the data of etcd, and adds a new node.
 * @param between what happens after the nodes are lost, before the control plane is
 * @returns the name of the new node
 */
export async function startFromNothing(stage: Stage, between: () => Promise<void>): Promise<string> {
  const { cluster } = stage;
  await cluster.loseNodes();
  await between();
  await cluster.loseControlPlane();
  await cluster.startControlPlane();
  // As the cloud does for machines that no longer exist.
  await stage.kubectl('delete', 'nodes', '--all', '--wait=false');
  const { name } = await cluster.addNode([stage.imageArchive]);
  return name;
}

/** Waits until exactly this number of pods exists in a namespace, ready, and all of them on the node if one is given. */
export async function ready(
  stage: Stage,
  node: string | undefined,
  namespace: string,
  count: number,
): Promise<void> {
  await until(`${count} ready pods in ${namespace}`, { seconds: 600 }, async () => {
    const { items } = await stage.get<{ items: RunningPod[] }>(namespace, 'pods');
    const there = items.filter(
      ({ spec, status }) =>
        (node === undefined || spec.nodeName === node) &&
        status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
    );
    if (there.length !== count || items.length !== count)
      throw new Error(`${there.length} of ${items.length} pods are ready`);
    return true;
  });
}
