/**
 * The story of README.md on a cluster without the product, from its own text: one command of Helm, three of kubectl, a pod with its
 * secrets, and the uninstallation of docs/guides/install.md. The image, which the README names in a registry, is on the node.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { StandIn } from '../../aws-fake/index.ts';
import { prepareFolder, type Walk, walk } from '../../guides/walk.ts';
import { NAME } from '../../helm/helm.ts';
import { ROOT } from '../../image/built-image.ts';
import { BUSYBOX_IMAGE } from '../images.ts';
import { startNeighbours } from '../neighbours/neighbour.ts';
import type { Api, KubernetesObject } from '../product/api.ts';
import { IMAGE_NAME, IMAGE_TAG } from '../product/product-image.ts';
import { nativeCanary } from '../product/secrets.ts';
import { until } from '../until.ts';

const NAMESPACE = 'shop';
const REPOSITORY = 'registry.example/platform/aws-secrets-injector';

export class Story implements AsyncDisposable {
  readonly #api: Api;
  readonly #folder: string;

  /** @param helm the program */
  constructor(api: Api, helm: string) {
    this.#api = api;
    this.#folder = path.join(api.cluster.facts.directory, 'story');
    mkdirSync(this.#folder, { recursive: true });
    const home = `HOME='${this.#folder}'`;
    prepareFolder(this.#folder, {
      kubectl: `'${api.cluster.facts.kubectl}'`,
      helm: `env ${home} '${helm}'`,
    });
  }

  /** Runs commands in a checkout, with Helm and kubectl. */
  async run(script: string): Promise<Walk> {
    const { facts } = this.#api.cluster;
    const variables = { KUBECONFIG: facts.kubeconfig, KUBECACHEDIR: path.join(this.#folder, 'kubectl') };
    const lines = [`cd '${ROOT}'`, script];
    return await walk(this.#folder, [{ name: 'script', lines }], variables);
  }

  /** Installs with the command of the README. The further values point the injected containers to the AWS fake. */
  async install(aws: StandIn): Promise<void> {
    const [command = ''] = blocks('README.md', '## Use it');
    expect(command).toContain(REPOSITORY);
    const authority = path.join(this.#folder, 'ca.crt');
    writeFileSync(authority, aws.caPem);
    const further = [
      `--set image.tag=${IMAGE_TAG}`,
      `--set-json 'guard.fetcherEnv=["AWS_ENDPOINT_URL=${aws.url}"]'`,
      `--set-file 'caBundle.pem=${authority}'`,
    ].join(' ');
    await this.must(`${command.trimEnd().replace(REPOSITORY, IMAGE_NAME)} ${further}`);
  }

  /** Runs the three commands of the README for a Deployment that exists. @returns what its container received */
  async use(
    aws: StandIn,
  ): Promise<{ readonly variable: string; readonly file: string; readonly value: object }> {
    const [, commands = ''] = blocks('README.md', '## Use it');
    expect(commands.match(/^kubectl /gm)).toHaveLength(3);
    const find = (pattern: RegExp): string => pattern.exec(commands)?.[1] ?? '';
    const value = { username: 'shop', password: nativeCanary('') };
    const arn = find(/secret\.db: "([^"]+)"/);
    aws.putSecret({ arn, value: JSON.stringify(value) });
    const role = find(/role-arn=(\S+)/);
    aws.putRole({ arn: role, subjects: [`system:serviceaccount:${NAMESPACE}:web`], allow: [arn] });
    const folder = path.join(this.#folder, 'neighbour');
    mkdirSync(folder);
    await using neighbours = await startNeighbours(this.#api.cluster, folder, { roleArn: role });
    await this.#api.kubectl('create', 'namespace', NAMESPACE);
    await this.#api.kubectl(`--namespace=${NAMESPACE}`, 'create', 'serviceaccount', 'web');
    await this.#api.mustCreate(DEPLOYMENT);
    // It adds what Amazon's webhook adds for the annotation of the service account.
    await neighbours.register({
      name: 'pod-identity-webhook',
      program: 'current',
      path: 'web-identity',
      namespace: NAMESPACE,
    });
    await this.must(commands);
    await this.must(`kubectl -n ${NAMESPACE} rollout status deployment web --timeout=180s`);
    const read = (command: string): Promise<string> =>
      this.#api.kubectl(`--namespace=${NAMESPACE}`, 'exec', 'deployment/web', '--', 'sh', '-c', command);
    return {
      value,
      variable: await read("tr '\\0' '\\n' < /proc/1/environ | sed -n 's/^DB_PASSWORD=//p'"),
      file: await read('cat /run/secrets/aws/db.json'),
    };
  }

  /** Uninstalls with the commands of the guide, which first refuses because of the Deployment. */
  async uninstall(): Promise<void> {
    const [commands = '', labels = ''] = blocks('docs/guides/install.md', '## Uninstall');
    const refused = await this.run(commands);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr + (refused.outputs.get('script') ?? '')).toContain('Deployment shop/web');
    await this.must(`kubectl -n ${NAMESPACE} delete deployment web --wait`);
    await until('the pods to be gone', { seconds: 90 }, async () => {
      const pods = await this.#api.kubectl(`--namespace=${NAMESPACE}`, 'get', 'pods', '--output=name');
      return pods.trim() === '' ? true : undefined;
    });
    await this.must(commands);
    await this.must(labels);
    expect(
      await this.#api.kubectl('get', 'namespace', NAMESPACE, '--output=jsonpath={.metadata.labels}'),
    ).not.toContain('secrets-injector');
    await this.#api.kubectl('delete', 'namespace', NAMESPACE);
  }

  /** Removes what a failed story left, so that it fails alone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(`helm uninstall ${NAME} --namespace ${NAME} --ignore-not-found --no-hooks`);
    await this.run(`kubectl delete namespace ${NAMESPACE} ${NAME} --ignore-not-found`);
  }

  /** @throws Error with the output */
  async must(script: string): Promise<void> {
    const { status, stderr, outputs } = await this.run(script);
    if (status === 0) return;
    const pods = await this.#api.cluster.kubectl(['describe', 'pods', '--all-namespaces']);
    throw new Error(`${script}\n${stderr}${outputs.get('script') ?? ''}\n${pods.stdout.slice(-6000)}`);
  }
}

const DEPLOYMENT: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: NAMESPACE, name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        serviceAccountName: 'web',
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'app',
            image: BUSYBOX_IMAGE,
            imagePullPolicy: 'Never',
            command: ['/bin/sh', '-c', 'exec sleep 3600'],
          },
        ],
      },
    },
  },
};

/** The shell commands of a section, one text for each block. */
function blocks(page: string, heading: string): readonly string[] {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  const section = text.slice(text.indexOf(`${heading}\n`) + heading.length).split(/^## /m)[0] ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, body = '']) => body);
}
