/** Starts a node with a running pod, reports it, and waits to be killed. fixture.test.ts runs it as a process. */
import { startCluster } from './cluster.ts';
import { twoContainers } from './two-containers.ts';

const cluster = await startCluster({ level: 'node' });
await cluster.kubectl(['create', '--filename=-'], twoContainers('sleep 1000'));
const { status, stderr } = await cluster.kubectl([
  'wait',
  '--for=condition=Ready',
  'pod/two',
  '--timeout=60s',
]);
process.send?.(status === 0 ? cluster.facts.directory : stderr);
setInterval(() => {}, 1000);
