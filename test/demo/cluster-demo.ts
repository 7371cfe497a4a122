/**
 * The demo's story in a real Kubernetes on this machine: API server, kubelet, containers, and the product installed from
 * its manifests. Only AWS is stood in for.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { clusterUnavailable } from '../cluster/cluster.ts';
import { checksum, podTemplate, printFile, printVariable, shell } from '../cluster/product/pods.ts';
import { nativeCanary, putJsonSecret } from '../cluster/product/secrets.ts';
import { type KubernetesObject, NAMESPACE_LABEL, type Stage, startStage } from '../cluster/product/stage.ts';
import { makeSteps, StepFailed, type Steps } from './steps.ts';

const NAMESPACE = 'shop-demo';
const USAGE = `usage: ./scripts/demo --cluster [--keep]

  Starts a Kubernetes cluster on this machine (needs root on Debian and Go; the first time it builds Kubernetes, about
  ten minutes), installs the injector in it, and shows a Deployment getting its secrets.

  --keep   leave the cluster running, and print how kubectl reaches it and how to stop it
`;

async function main(argv: readonly string[]): Promise<number> {
  let keep: boolean;
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        cluster: { type: 'boolean' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    keep = values.keep;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : ''}\n\n${USAGE}`);
    return 2;
  }
  const reason = clusterUnavailable('node');
  if (reason !== undefined) {
    process.stderr.write(`the demo on a cluster cannot run here: ${reason}\n`);
    return 1;
  }
  const steps = makeSteps((text) => void process.stdout.write(text));
  try {
    await using stage = await steps.run(
      'a Kubernetes cluster starts, and the injector is installed in it',
      () => startStage(),
    );
    await tellStory(stage, steps);
    process.stdout.write('\nEverything that the application received is equal to the secrets.\n');
    if (keep) await keepRunning(stage);
    return 0;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return 1;
  }
}

async function tellStory(stage: Stage, steps: Steps): Promise<void> {
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const output = await stage.kubectl(...args);
    steps.show(`$ kubectl ${args.join(' ')}\n${output.trimEnd()}`);
    return output;
  };
  steps.show(`Kubernetes ${stage.cluster.facts.kubernetes}, AWS fake at ${stage.aws.url}`);
  await kubectl('--namespace=aws-secrets-injector', 'get', 'pods');

  // Variables are native here, so their values must be such as kubelet can read.
  const db = putJsonSecret(stage.aws, 'db', nativeCanary);
  const annotations = {
    'secrets-injector.dev/secret.db': db.arn,
    'secrets-injector.dev/env.DB_USER': 'db:user',
    'secrets-injector.dev/env.DB_PASSWORD': 'db:password',
    'secrets-injector.dev/file.db.json': 'db',
  };
  const deployment = deploymentOf(annotations);
  await steps.run('a Deployment requests secrets in a namespace that has not opted in', async () => {
    await kubectl('create', 'namespace', NAMESPACE);
    await stage.mustCreate(deployment);
    await stage.waitFor(
      NAMESPACE,
      'deployment/shop',
      '{.status.conditions[?(@.type=="ReplicaFailure")].reason}',
      'FailedCreate',
    );
    await kubectl(
      `--namespace=${NAMESPACE}`,
      'get',
      'deployment/shop',
      '--output=jsonpath={.status.conditions[?(@.type=="ReplicaFailure")].message}',
    );
    await stage.kubectl(`--namespace=${NAMESPACE}`, 'delete', 'deployment/shop', '--wait');
  });
  await steps.run('the namespace opts in, and the Deployment is created again', async () => {
    await kubectl('label', 'namespace', NAMESPACE, `${NAMESPACE_LABEL}=enabled`);
    steps.show(
      Object.entries(annotations)
        .map(([key, value]) => `${key}: "${value}"`)
        .join('\n'),
    );
    await stage.mustCreate(deployment);
    await stage.waitFor(NAMESPACE, 'deployment/shop', '{.status.readyReplicas}', '1');
    await kubectl(`--namespace=${NAMESPACE}`, 'get', 'pods');
  });
  await steps.run('the API server stores references, but no value', async () => {
    const pod = ['get', 'pods', '--selector=app=app'];
    await kubectl(
      `--namespace=${NAMESPACE}`,
      ...pod,
      '--output=jsonpath={.items[0].spec.initContainers[*].name}',
    );
    await kubectl(`--namespace=${NAMESPACE}`, ...pod, '--output=jsonpath={.items[0].spec.containers[0].env}');
    const content = await stage.cluster.etcdContent();
    if ([db.user, db.password].some((value) => content.includes(value)))
      throw new StepFailed('a value is in etcd');
    steps.show(
      `searched the whole content of etcd (${content.length} bytes): it contains none of the values`,
    );
  });
  await steps.run('the application started with its secrets: checksums of its values', async () => {
    const log = await kubectl(`--namespace=${NAMESPACE}`, 'logs', 'deployment/shop', '--container=app');
    const expected = [checksum(db.user), checksum(db.password), checksum(db.text)];
    if (log.trimEnd() !== expected.join('\n')) throw new StepFailed('the application received other values');
  });
}

function deploymentOf(annotations: Readonly<Record<string, string>>): KubernetesObject {
  const template = podTemplate({
    annotations,
    containers: [
      shell(
        'app',
        printVariable('DB_USER'),
        printVariable('DB_PASSWORD'),
        printFile('/run/secrets/aws/db.json'),
        'sleep 3600',
      ),
    ],
    spec: { restartPolicy: 'Always' },
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: NAMESPACE, name: 'shop' },
    spec: { selector: { matchLabels: { app: 'app' } }, template },
  };
}

async function keepRunning(stage: Stage): Promise<void> {
  const { kubeconfig, kubectl } = stage.cluster.facts;
  process.stdout.write(
    `
The cluster and the AWS stand-in go on running. In another terminal:

  export KUBECONFIG=${kubeconfig}
  ${kubectl} get pods --all-namespaces

Ctrl-C here stops them and removes every trace, as does: kill ${process.pid}
`,
  );
  const signals = new AbortController();
  await Promise.race(
    ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => once(process, name, { signal: signals.signal })),
  );
  signals.abort();
  process.stdout.write('\nstopping the cluster …\n');
}

process.exitCode = await main(process.argv.slice(2));
