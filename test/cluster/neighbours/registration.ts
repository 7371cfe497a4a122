/** Makes the API server call a neighbour, and waits until it does. */
import { randomUUID } from 'node:crypto';
import type { Cluster } from '../cluster.ts';
import { until } from '../until.ts';
import type { Program } from './program.ts';

/** What the source in webhook/ does at a path; text behind a slash is its parameter. */
export type Behaviour =
  /** Whole lists through its own types, as the Amazon EKS pod identity webhook. */
  | 'rewrite'
  /** The same, also when it has nothing to add. */
  | 'rewrite-every-time'
  /** Regular container `late`. Parameter: image. */
  | `append-container${Parameter}`
  /** Containers of a mesh, with whole lists. Parameter: image. */
  | `istio-${Mode}${Parameter}`
  /** Containers of a mesh, as single elements. Parameter: image. */
  | `linkerd-${Mode}${Parameter}`
  /** Appends a variable to every container. Parameter: its name. */
  | `duplicate-variable/${string}`
  | 'drop-init'
  /** Parameter: the container that loses its mounts of the secrets, otherwise all do. */
  | `drop-mounts${Parameter}`
  | 'unshell'
  | 'disk-volume'
  /** Parameter: host of the mirror, otherwise mirror.example. */
  | `rewrite-image${Parameter}`
  | 'never-answers';
type Mode = 'classic' | 'native';
type Parameter = '' | `/${string}`;

export interface Registration {
  /** Of the configuration; API servers call in the order of these names. */
  readonly name: string;
  readonly program: Program;
  readonly path: Behaviour;
  /** Never, if not given, as in Kubernetes. */
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
  /** Fail, if not given, as in Kubernetes. */
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** The only one whose pods are shown to it. */
  readonly namespace: string;
  /** 5, if not given. */
  readonly timeoutSeconds?: number;
}

export interface Registered {
  /** Takes the registration back and waits until the API server has noticed. */
  readonly remove: () => Promise<void>;
}

// Both are known to webhook/review.go.
const PROBE = 'neighbour.example/probe';
const ANSWERED = 'answered.neighbour.example/';
const SECONDS = 60;

// Passes the strictest security standard and quotas: whatever else the namespace checks, it is to be admitted.
const PROBE_SPEC = {
  containers: [
    {
      name: 'probe',
      image: 'localhost/probe',
      resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
      securityContext: {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  ],
};

/**
 * Registers and waits until pods of the namespace are shown to the neighbour.
 * @param target where the program serves, and the authority of its certificate
 * @throws Error if the name is taken, or if the neighbour is not called
 */
export async function register(
  cluster: Cluster,
  target: { readonly url: string; readonly ca: string },
  registration: Registration,
): Promise<Registered> {
  const { name, namespace } = registration;
  await kubectl(cluster, ['create', '--filename=-'], configuration(target, registration));
  try {
    await waitUntil(cluster, registration, 'acts', (answered) => answered);
  } catch (error) {
    await removeConfiguration(cluster, name);
    throw error;
  }
  return {
    remove: async () => {
      await removeConfiguration(cluster, name);
      // Nobody is shown anything in a namespace that has gone.
      const found = await kubectl(cluster, [
        'get',
        'namespace',
        namespace,
        '--ignore-not-found',
        '--output=name',
      ]);
      if (found !== '') await waitUntil(cluster, registration, 'acts no more', (answered) => !answered);
    },
  };
}

async function removeConfiguration(cluster: Cluster, name: string): Promise<void> {
  await kubectl(cluster, ['delete', 'mutatingwebhookconfiguration', name, '--ignore-not-found']);
}

function configuration(
  target: { readonly url: string; readonly ca: string },
  registration: Registration,
): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: registration.name },
    webhooks: [
      {
        name: `${registration.name}.neighbour.example`,
        clientConfig: {
          url: `${target.url}/${registration.name}/${registration.path}`,
          caBundle: Buffer.from(target.ca).toString('base64'),
        },
        admissionReviewVersions: ['v1'],
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        sideEffects: 'None',
        reinvocationPolicy: registration.reinvocationPolicy ?? 'Never',
        failurePolicy: registration.failurePolicy ?? 'Fail',
        timeoutSeconds: registration.timeoutSeconds ?? 5,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': registration.namespace } },
      },
    ],
  };
}

async function waitUntil(
  cluster: Cluster,
  { name, namespace }: Registration,
  what: string,
  isReached: (answered: boolean) => boolean,
): Promise<void> {
  await until(`neighbour ${name} ${what}`, { seconds: SECONDS }, async () =>
    isReached(await answersProbe(cluster, name, namespace)) ? true : undefined,
  );
}

/** Shows the API server a pod that neighbours answer and leave alone otherwise; it is not created. */
async function answersProbe(cluster: Cluster, name: string, namespace: string): Promise<boolean> {
  const probe = randomUUID();
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'probe-', namespace, annotations: { [PROBE]: probe } },
    spec: PROBE_SPEC,
  };
  const said = await kubectl(cluster, ['create', '--dry-run=server', '--output=json', '--filename=-'], pod);
  const shown = JSON.parse(said) as { readonly metadata: { readonly annotations: Record<string, string> } };
  return shown.metadata.annotations[ANSWERED + name] === probe;
}

async function kubectl(cluster: Cluster, args: readonly string[], input?: object): Promise<string> {
  const { status, stdout, stderr } = await cluster.kubectl(
    args,
    input === undefined ? '' : JSON.stringify(input),
  );
  if (status !== 0) throw new Error(`kubectl ${args[0]} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
