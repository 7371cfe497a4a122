/** A namespace with other webhooks, which the API server calls before or after the injector. */
import type { Neighbours, Registration } from '../../../neighbours/neighbour.ts';
import { find } from '../../../neighbours/pods.ts';
import { type Call, calls } from '../../audit.ts';
import { type PodOptions, pod, printFile, printVariable, shell } from '../../pods.ts';
import { type JsonSecret, putJsonSecret } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

export const OURS = 'aws-secrets-injector';

export interface Entry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fileKeyRef?: unknown };
}
export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}
export interface AdmittedContainer {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly command?: readonly string[];
  readonly env?: readonly Entry[];
  readonly volumeMounts?: readonly Mount[];
}
export interface AdmittedSpec {
  readonly initContainers: readonly AdmittedContainer[];
  readonly containers: readonly AdmittedContainer[];
  readonly volumes: readonly { readonly name: string; readonly emptyDir?: { readonly medium?: string } }[];
}

/** The behaviour of another webhook, its place in the order of calls, and whether it is called again. */
export interface Neighbour extends Pick<Registration, 'path'> {
  readonly place: 'before' | 'after';
  readonly program?: Registration['program'];
  readonly reinvocationPolicy?: Registration['reinvocationPolicy'];
}

export interface Scene {
  readonly namespace: string;
  readonly db: JsonSecret;
  /** The names of the configurations, in the given order. */
  readonly registered: readonly string[];
  /** Request a variable in shell mode, and a file. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Sends the pod `app` to the API server. @throws Error with the reason if it is rejected */
  readonly admitted: (options?: PodOptions) => Promise<AdmittedSpec>;
  /** @returns the reason of the rejection @throws Error if the pod is admitted */
  readonly refusal: (options?: PodOptions) => Promise<string>;
  /** Webhook calls for the last pod as `<round> <configuration>`, with ` mutated` if the call changed the pod. */
  readonly rounds: () => Promise<readonly string[]>;
}

/** A container that prints checksums of the variable and of the file. */
export const READS = shell('app', printVariable('DB_USER'), printFile('/run/secrets/aws/value'));

/** Creates a namespace and registers the webhooks. Those with the same place are called in the given order. */
export async function makeScene(
  stage: Stage,
  neighbours: Neighbours,
  ...all: readonly Neighbour[]
): Promise<Scene> {
  return await makeSceneIn(await stage.namespace(), stage, neighbours, ...all);
}

/** The same in an existing namespace. */
export async function makeSceneIn(
  namespace: string,
  stage: Stage,
  neighbours: Neighbours,
  ...all: readonly Neighbour[]
): Promise<Scene> {
  const db = putJsonSecret(stage.aws, `${namespace}-neighbours`);
  const annotations = {
    'secrets-injector.dev/env.DB_USER': `${db.arn}:user`,
    'secrets-injector.dev/file.value': db.arn,
    'secrets-injector.dev/env-mode': 'shell',
  };
  const registered = await Promise.all(
    all.map(async ({ place, path, program = 'current', reinvocationPolicy = 'Never' }, index) => {
      // The name sorts before or after `aws-secrets-injector`.
      const name = `${place === 'before' ? 'a' : 'z'}${index}-${namespace}`;
      await neighbours.register({ name, namespace, path, program, reinvocationPolicy });
      return name;
    }),
  );
  const show = async (options: PodOptions = {}): ReturnType<Stage['create']> => {
    const object = pod(namespace, { annotations, containers: [READS], ...options });
    return await stage.create(object, '--dry-run=server', '--output=json');
  };
  return {
    namespace,
    db,
    registered,
    annotations,
    admitted: async (options) => {
      const { status, stdout, stderr } = await show(options);
      if (status !== 0) throw new Error(stderr);
      return (JSON.parse(stdout) as { readonly spec: AdmittedSpec }).spec;
    },
    refusal: async (options) => {
      const { status, stderr } = await show(options);
      if (status === 0) throw new Error('the pod was admitted');
      return stderr;
    },
    rounds: async () => (await calls(stage, namespace)).map(formatCall),
  };
}

function formatCall({ round, configuration, mutated }: Call): string {
  return `${round} ${configuration}${mutated ? ' mutated' : ''}`;
}

/** Whether the container has the injected shell, and mounts the secrets. */
export function receives({ command = [], volumeMounts = [] }: AdmittedContainer): {
  readonly shell: boolean;
  readonly mount: boolean;
} {
  return {
    shell: command[3] === '/run/secrets/aws/env',
    mount: volumeMounts.some(({ name, readOnly }) => name === 'aws-secrets' && readOnly === true),
  };
}

export const EVERYTHING = { shell: true, mount: true };
export const NOTHING = { shell: false, mount: false };

/** Whether the injection of a pod with a container `app` is complete. */
export function isComplete(spec: AdmittedSpec): boolean {
  const fetcher = find(spec.initContainers, 'aws-secrets-fetch');
  const mounts = (fetcher.volumeMounts ?? []).map(({ name }) => name);
  const { shell: hasShell, mount } = receives(find(spec.containers, 'app'));
  return (
    hasShell &&
    mount &&
    mounts.includes('aws-secrets') &&
    mounts.includes('aws-secrets-no-api') &&
    ['aws-secrets', 'aws-secrets-no-api'].every(
      (name) => find(spec.volumes, name).emptyDir?.medium === 'Memory',
    )
  );
}
