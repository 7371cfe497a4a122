/** A cluster with the product installed, and the AWS fake: the environment of every scenario. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  type PodIdentityAgent,
  type StandIn,
  startPodIdentityAgent,
  startStandIn,
} from '../../aws-fake/index.ts';
import { type Cluster, type ClusterOptions, startCluster } from '../cluster.ts';
import { until } from '../until.ts';
import { Api } from './api.ts';
import { clusterIssuer } from './cluster-keys.ts';
import { install } from './install.ts';
import { buildImageArchive } from './product-image.ts';

export { type KubernetesObject, NAMESPACE_LABEL } from './api.ts';

export const ROLE = 'arn:aws:iam::111122223333:role/shop';

export class Stage extends Api implements AsyncDisposable {
  readonly aws: StandIn;
  /** Refuses connections until a scenario starts it. The role is associated with every service account. */
  readonly agent: PodIdentityAgent;
  /** The image of the project, for further nodes. */
  readonly imageArchive: string;

  constructor(cluster: Cluster, aws: StandIn, agent: PodIdentityAgent, imageArchive: string) {
    super(cluster);
    this.aws = aws;
    this.agent = agent;
    this.imageArchive = imageArchive;
  }

  /**
   * Waits for a field of an object, such as `{.status.phase}`, to have a value.
   * @throws Error with the object's description
   */
  async waitFor(
    namespace: string,
    object: string,
    jsonPath: string,
    value: string,
    seconds = 120,
  ): Promise<void> {
    const { status, stderr } = await this.cluster.kubectl([
      `--namespace=${namespace}`,
      'wait',
      object,
      `--for=jsonpath=${jsonPath}=${value}`,
      `--timeout=${seconds}s`,
    ]);
    if (status === 0) return;
    const described = await this.cluster.kubectl([`--namespace=${namespace}`, 'describe', object]);
    const pods = await this.cluster.kubectl([`--namespace=${namespace}`, 'describe', 'pods']);
    throw new Error(`${object}: ${stderr}\n${described.stdout}\n${pods.stdout.slice(-5000)}`);
  }

  /** Waits until a pod has succeeded. @returns the lines that one of its containers printed */
  async outputOf(namespace: string, podName: string, container = 'app'): Promise<readonly string[]> {
    await this.waitFor(namespace, `pod/${podName}`, '{.status.phase}', 'Succeeded');
    // On a busy machine, kubelet reports the end of a container before the runtime has written its last lines.
    return await until(`the output of ${namespace}/${podName}/${container}`, { seconds: 30 }, async () => {
      const lines = await this.logs(namespace, podName, container);
      return lines.join('') === '' ? undefined : lines;
    });
  }

  /** The lines that a container has printed. */
  async logs(namespace: string, podName: string, container = 'app'): Promise<readonly string[]> {
    const text = await this.kubectl(`--namespace=${namespace}`, 'logs', podName, `--container=${container}`);
    return text.trimEnd().split('\n');
  }

  /** Waits until a running container has printed this number of lines. */
  async printed(
    namespace: string,
    podName: string,
    container: string,
    count: number,
  ): Promise<readonly string[]> {
    const what = `${count} lines of ${namespace}/${podName}/${container}`;
    return await until(what, { seconds: 60 }, async () => {
      const lines = await this.logs(namespace, podName, container);
      return lines.length >= count ? lines : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.stop();
    await this.aws.stop();
    await this.cluster.stop();
  }
}

/** Starts everything, with a role for every service account in the namespaces `shop-*`. @throws Error */
export async function startStage(options: Partial<ClusterOptions> = {}): Promise<Stage> {
  const cluster = await startCluster({ ...options, level: 'node' });
  try {
    const { facts } = cluster;
    const aws = await startStandIn({
      host: facts.bridgeAddress,
      extraNames: [facts.bridgeAddress],
      issuer: clusterIssuer(facts),
    });
    aws.putRole({
      arn: ROLE,
      subjects: ['system:serviceaccount:shop-*:*'],
      allow: ['arn:aws:secretsmanager:*:111122223333:secret:shop/*'],
    });
    const hosts = facts.node?.agentAddresses ?? [];
    const agent = await startPodIdentityAgent({ aws, hosts, port: 80, ready: false });
    agent.associate({ namespace: 'shop-*', serviceAccount: '*', roleArn: ROLE });
    const folder = path.join(facts.directory, 'product');
    mkdirSync(folder);
    process.stderr.write('building the image …\n');
    const image = path.join(folder, 'image');
    mkdirSync(image);
    const archive = buildImageArchive(image, aws.caPem);
    await cluster.importImage(archive);
    process.stderr.write('installing …\n');
    await install(cluster, folder, aws.url);
    return new Stage(cluster, aws, agent, archive);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
