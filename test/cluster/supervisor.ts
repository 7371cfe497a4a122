/**
 * The process that runs a cluster. It tears the cluster down when the owner requests it or ends for any reason, which
 * closes the channel between them.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { freeNetworks } from './addresses.ts';
import { type StartedControlPlane, startControlPlane } from './control-plane.ts';
import { Credentials } from './credentials.ts';
import { Daemons } from './daemon.ts';
import { hasClusterRules } from './firewall.ts';
import { lockMachine } from './machine-lock.ts';
import { type JoinedNode, KUBE_PROXY, type Machine, prepareMachine, startNode } from './node.ts';
import { nodePlace } from './node-place.ts';
import type { ClusterFacts, Command, NodeFacts, Order, Report } from './options.ts';
import { abandonedRuns, createRun, type Run } from './run.ts';
import { tearDown } from './tear-down.ts';

const stopping = new AbortController();
let run: Run | undefined;
let started: Promise<void> = Promise.resolve();
let controlPlane: StartedControlPlane | undefined;
let machine: Machine | undefined;
const nodes: JoinedNode[] = [];

async function start(order: Order): Promise<ClusterFacts> {
  const { level } = order.options;
  if (level === 'node')
    await lockMachine(stopping.signal, () =>
      report({ type: 'progress', message: 'waiting for another cluster on this machine to end …' }),
    );
  // The remains of a node are removed only under the lock: without it, they could belong to a running cluster.
  for (const abandoned of abandonedRuns())
    if (level === 'node' || abandoned.level === 'control-plane') await tearDown(abandoned);
  // Checked before the run is created: tearing it down would remove the rules of the other cluster.
  if (level === 'node' && hasClusterRules())
    throw new Error('the kube-proxy of another cluster has rules on this machine; stop that cluster first');
  run = createRun(level);
  mkdirSync(path.join(run.directory, 'kubectl'));
  const daemons = new Daemons(run, stopping.signal);
  const credentials = await Credentials.create(run.directory);
  const networks = freeNetworks();
  if (level === 'node') machine = prepareMachine(run, order, daemons, credentials, networks);
  const node = machine === undefined ? undefined : await startNode(machine, nodePlace(run, networks, 0));
  controlPlane = await startControlPlane(run, order, daemons, credentials, networks);
  if (node !== undefined) nodes.push(await node.join(controlPlane.facts));
  return {
    ...controlPlane.facts,
    directory: run.directory,
    kubernetes: order.toolchain.kubernetes,
    caFile: credentials.caFile,
    bridgeAddress: node === undefined ? '127.0.0.1' : networks.bridgeAddress,
    node: node?.facts,
    kubectl: order.toolchain.kubectl,
  };
}

async function restartKubelet(featureGates: Readonly<Record<string, boolean>>): Promise<void> {
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster without a node has no kubelet');
  await first.restartKubelet(featureGates);
}

async function addNode(archives: readonly string[]): Promise<NodeFacts> {
  if (machine === undefined || controlPlane === undefined)
    throw new Error('a cluster that starts without a node cannot have one');
  const place = nodePlace(machine.run, machine.networks, nodes.length);
  const node = await startNode(machine, place, archives);
  nodes.push(await node.join(controlPlane.facts));
  return node.facts;
}

async function loseNodes(): Promise<void> {
  for (const node of nodes) await node.lose();
  await machine?.daemons.kill(KUBE_PROXY);
}

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort(new Error('the cluster is stopping'));
  await started;
  const problems = run === undefined ? [] : await tearDown(run);
  report({ type: 'stopped', problems });
  process.disconnect?.();
}

function report(message: Report): void {
  // If the owner is dead, nobody receives the report, but the teardown must still complete.
  if (process.connected) process.send?.(message, () => {});
}

function reportDone(): void {
  report({ type: 'done' });
}

function reportFailure(error: unknown): void {
  report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}

process.on('message', (command: Command) => {
  switch (command.type) {
    case 'start':
      started = start(command.order).then((facts) => report({ type: 'ready', facts }), reportFailure);
      return;
    case 'restart-kubelet':
      started = restartKubelet(command.featureGates).then(reportDone, reportFailure);
      return;
    case 'add-node':
      started = addNode(command.archives).then(
        (facts) => report({ type: 'node-added', facts }),
        reportFailure,
      );
      return;
    case 'lose-nodes':
      started = loseNodes().then(reportDone, reportFailure);
      return;
    case 'lose-control-plane':
      started = (controlPlane?.lose() ?? Promise.resolve()).then(reportDone, reportFailure);
      return;
    case 'start-control-plane':
      started = (controlPlane?.start() ?? Promise.resolve()).then(reportDone, reportFailure);
      return;
    case 'stop':
      void stop();
  }
});
process.on('disconnect', () => void stop());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
