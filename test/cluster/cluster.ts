/** A real Kubernetes cluster on this machine, for tests. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { allContent } from './etcd-content.ts';
import type { ClusterFacts, ClusterOptions, Command, NodeFacts, Report } from './options.ts';
import { provideToolchain } from './toolchain/toolchain.ts';
import { wantedKubernetes } from './toolchain/versions.ts';

export type { ClusterFacts, ClusterOptions, NodeFacts } from './options.ts';
export { clusterUnavailable } from './toolchain/toolchain.ts';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code, or null when a signal ended the program. */
  readonly status: number | null;
}

/**
 * Starts a cluster, and builds missing programs first (progress on stderr). The cluster ends with `stop` or with this
 * process.
 * @throws Error with the end of the log of the program that did not become ready; everything is removed then
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const kubernetes = options.kubernetes ?? wantedKubernetes();
  const toolchain = await provideToolchain(options.level, kubernetes);
  const supervisor = fork(path.join(import.meta.dirname, 'supervisor.ts'), {
    // A separate session: Ctrl-C must not kill the supervisor while it tears the cluster down.
    detached: true,
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  send(supervisor, { type: 'start', order: { options, toolchain } });
  const answer = await nextReport(supervisor);
  switch (answer.type) {
    case 'ready':
      unref(supervisor);
      return new Cluster(answer.facts, supervisor);
    case 'failed':
      await stopSupervisor(supervisor);
      throw new Error(`the cluster did not start: ${answer.message}`);
    case 'done':
    case 'node-added':
    case 'stopped':
      throw new Error('the cluster stopped while it was starting');
  }
}

export class Cluster implements AsyncDisposable {
  readonly facts: ClusterFacts;
  readonly #supervisor: ChildProcess;
  #stopped: Promise<void> | undefined;

  constructor(facts: ClusterFacts, supervisor: ChildProcess) {
    this.facts = facts;
    this.#supervisor = supervisor;
  }

  /** Runs kubectl as an administrator. @param stdin such as a manifest for `apply --filename=-` */
  async kubectl(args: readonly string[], stdin = ''): Promise<Outcome> {
    return await execute(this.facts.kubectl, args, stdin, {
      KUBECONFIG: this.facts.kubeconfig,
      KUBECACHEDIR: path.join(this.facts.directory, 'kubectl'),
    });
  }

  /** Runs containerd's ctr in the namespace of the kubelet's containers. @throws Error without a node */
  async ctr(args: readonly string[]): Promise<Outcome> {
    const { node } = this.facts;
    if (node === undefined) throw new Error('a cluster without a node has no containerd');
    return await execute(
      node.ctr,
      ['--address', node.containerdSocket, '--namespace', 'k8s.io', ...args],
      '',
      {},
    );
  }

  /** Imports an image into the node. @param archive file as `docker save` writes it @throws Error */
  async importImage(archive: string): Promise<void> {
    const { status, stderr, stdout } = await this.ctr(['images', 'import', '--no-unpack', archive]);
    if (status !== 0) throw new Error(`ctr images import ended with ${status}: ${stderr}${stdout}`);
  }

  /** All keys and values in etcd. */
  async etcdContent(): Promise<Buffer> {
    return await allContent(this.facts.etcdUrl);
  }

  /**
   * Restarts the kubelet with other feature gates. Pods keep running.
   * @throws Error with the end of its log if the kubelet does not answer
   */
  async restartKubelet(featureGates: Readonly<Record<string, boolean>>): Promise<void> {
    await this.#request({ type: 'restart-kubelet', featureGates });
  }

  /**
   * Adds a node with its own kubelet, containerd and cgroups on this machine. Resolves when pods can run on it.
   * @param archives of images that the node has from the start, as `docker save` writes them
   */
  async addNode(archives: readonly string[]): Promise<NodeFacts> {
    const report = await this.#request({ type: 'add-node', archives });
    if (report.type !== 'node-added') throw new Error(`the supervisor answered ${report.type}`);
    return report.facts;
  }

  /** Ends the kubelet, the container runtime and all pods of every node at once, as when their machines fail. */
  async loseNodes(): Promise<void> {
    await this.#request({ type: 'lose-nodes' });
  }

  /** Ends the programs of the control plane at once. The data of etcd stay. */
  async loseControlPlane(): Promise<void> {
    await this.#request({ type: 'lose-control-plane' });
  }

  /** Starts the lost control plane again. Resolves when the API server is ready. */
  async startControlPlane(): Promise<void> {
    await this.#request({ type: 'start-control-plane' });
  }

  /** @throws Error with the supervisor's message if it could not do this */
  async #request(command: Command): Promise<Report> {
    this.#supervisor.ref();
    this.#supervisor.channel?.ref();
    const report = nextReport(this.#supervisor);
    send(this.#supervisor, command);
    const answer = await report;
    unref(this.#supervisor);
    if (answer.type === 'failed') throw new Error(`${command.type}: ${answer.message}`);
    return answer;
  }

  /** The id of the process that tears the cluster down. */
  get supervisorPid(): number | undefined {
    return this.#supervisor.pid;
  }

  /** Ends every process and removes all files and settings. @throws Error that lists what could not be removed */
  async stop(): Promise<void> {
    this.#stopped ??= stopSupervisor(this.#supervisor);
    await this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function execute(
  program: string,
  args: readonly string[],
  stdin: string,
  variables: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const child = spawn(program, args, {
    env: { ...process.env, ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A program may end without reading its input.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { stdout, stderr, status };
}

function send(supervisor: ChildProcess, command: Command): void {
  supervisor.send(command);
}

/** The next report other than progress, which is written to stderr. */
async function nextReport(supervisor: ChildProcess): Promise<Exclude<Report, { readonly type: 'progress' }>> {
  return await new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      reject(new Error(`the cluster's supervisor ended with ${code}`));
    };
    supervisor.once('exit', onExit);
    const onMessage = (message: Report): void => {
      if (message.type === 'progress') {
        process.stderr.write(`${message.message}\n`);
        return;
      }
      supervisor.off('exit', onExit);
      supervisor.off('message', onMessage);
      resolve(message);
    };
    supervisor.on('message', onMessage);
  });
}

async function stopSupervisor(supervisor: ChildProcess): Promise<void> {
  supervisor.ref();
  supervisor.channel?.ref();
  if (supervisor.exitCode !== null || supervisor.signalCode !== null)
    throw new Error("the cluster's supervisor has already ended");
  const exit = once(supervisor, 'exit');
  const report = nextReport(supervisor);
  send(supervisor, { type: 'stop' });
  const answer = await report;
  await exit;
  if (answer.type === 'stopped' && answer.problems.length > 0)
    throw new Error(`the cluster could not be removed completely:\n${answer.problems.join('\n')}`);
}

// A test that forgets to call stop must be able to end. The cluster then ends with the test.
function unref(supervisor: ChildProcess): void {
  supervisor.unref();
  supervisor.channel?.unref();
}
