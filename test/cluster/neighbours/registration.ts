/** Registers another webhook, and waits until the API server calls it. */
import { randomUUID } from 'node:crypto';
import type { Cluster } from '../cluster.ts';
import { until } from '../until.ts';
import type { Program } from './program.ts';

/** The behaviours of webhook/ by path. Text after a slash is a parameter. */
export type Behaviour =
  /** Adds a role as the EKS Pod Identity webhook does: it always replaces the lists of containers, with its own types. */
  | 'web-identity'
  /** The same for an EKS Pod Identity association. Parameter: the URL of the agent without its scheme. */
  | `pod-identity${Parameter}`
  /** Adds a role by replacing all lists, only if it has something to add. */
  | 'rewrite-to-add'
  /** Appends the regular container `late`. Parameter: its image. */
  | `append-container${Parameter}`
  /** Adds the containers of a mesh by replacing whole lists. Parameter: their image. */
  | `istio-${Mode}${Parameter}`
  /** Adds the containers of a mesh as single elements. Parameter: their image. */
  | `linkerd-${Mode}${Parameter}`
  /** Appends a variable to every container. Parameter: its name. */
  | `duplicate-variable/${string}`
  | 'drop-init'
  /** Removes mounts of secrets. Parameter: the container; default: all. */
  | `drop-mounts${Parameter}`
  | 'unshell'
  | 'disk-volume'
  /** Parameter: the host of the mirror; default: mirror.example. */
  | `rewrite-image${Parameter}`
  | 'never-answers';
type Mode = 'classic' | 'native';
type Parameter = '' | `/${string}`;

export interface Registration {
  /** The name of the configuration. The API server calls webhooks in the order of these names. */
  readonly name: string;
  readonly program: Program;
  readonly path: Behaviour;
  /** Default: Never, as in Kubernetes. */
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
  /** Default: Fail, as in Kubernetes. */
  readonly failurePolicy?: 'Fail' | 'Ignore';
  /** The only namespace whose pods the webhook receives. */
  readonly namespace: string;
  /** Default: 5. */
  readonly timeoutSeconds?: number;
}

export interface Registered {
  /** Removes the registration, and waits until the API server has noticed. */
  readonly remove: () => Promise<void>;
}

// webhook/review.go has the same names.
const PROBE = 'neighbour.example/probe';
const ANSWERED = 'answered.neighbour.example/';
const SECONDS = 60;

// Meets the strictest Pod Security Standard and quotas, so that any namespace admits it.
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
 * Registers the webhook, and waits until it receives the pods of the namespace.
 * @param target address of the program, and the CA of its certificate
 * @throws Error if the name is taken, or if the API server does not call the webhook
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
      // No webhook is called for a deleted namespace.
      const found = await kubectl(cluster, [
        'get',
        'namespace',
        namespace,
        '--ignore-not-found',
        '--output=name',
      ]);
      if (found !== '') await waitUntil(cluster, registration, 'to be unregistered', (answered) => !answered);
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
  await until(`the webhook ${name} ${what}`, { seconds: SECONDS }, async () =>
    isReached(await answersProbe(cluster, name, namespace)) ? true : undefined,
  );
}

/** Sends a pod that the webhooks mark but do not change otherwise. The pod is not created. */
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
