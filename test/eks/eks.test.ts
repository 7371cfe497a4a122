/**
 * The product next to Amazon's EKS Pod Identity webhook, in every order of calls. The variable
 * EKS_POD_IDENTITY_WEBHOOK names the program; without it, the tests are skipped.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterUnavailable } from '../cluster/cluster.ts';
import { BUSYBOX_IMAGE } from '../cluster/images.ts';
import { FROM_FILE } from '../cluster/neighbours/pods.ts';
import { SECOND_PASS_LABEL } from '../cluster/product/install.ts';
import { checksum, pod, shell } from '../cluster/product/pods.ts';
import { type AdmittedSpec, READS } from '../cluster/product/scenarios/neighbours/scene.ts';
import { type JsonSecret, nativeCanary, putJsonSecret } from '../cluster/product/secrets.ts';
import {
  type KubernetesObject,
  NAMESPACE_LABEL,
  ROLE,
  type Stage,
  startStage,
} from '../cluster/product/stage.ts';
import { hasFileKeys, wantedKubernetes } from '../cluster/toolchain/versions.ts';
import { until } from '../cluster/until.ts';
import { type AmazonWebhook, programUnavailable, startAmazonWebhook } from './amazon-webhook.ts';
import { isRefused, ORDERS, type Order } from './orders.ts';
import { faultsOf, type Identity, type Mode } from './right-pod.ts';

/** The label of namespaces whose pods the webhook receives. The value names its registration. */
const REGISTRATION_LABEL = 'eks-webhook';
const ANNOTATIONS = 'eks.amazonaws.com';
const IDENTITIES = ['irsa', 'association'] as const;
/** The faults of an admitted pod, or that it was refused because the other webhook dropped a field. */
type Verdict = readonly string[] | 'refused';

interface Options {
  readonly name?: string;
  /** The value of the annotation `skip-containers`. */
  readonly skipped?: readonly string[];
  /** The name of a native sidecar. */
  readonly sidecar?: string;
}
const MODES: readonly Mode[] = hasFileKeys(wantedKubernetes())
  ? ['native', 'shell', 'file']
  : ['shell', 'file'];

const unavailable = programUnavailable() ?? clusterUnavailable('node');
if (unavailable !== undefined) process.stderr.write(`the eks tests are skipped: ${unavailable}\n`);

describe.skipIf(unavailable !== undefined)("Amazon's EKS Pod Identity webhook", () => {
  let started: Stage | undefined;
  let webhook: AmazonWebhook | undefined;
  let db: JsonSecret;
  let drops: { readonly fileKeyRef: boolean; readonly restartPolicy: boolean };
  const stage = (): Stage => {
    if (started === undefined) throw new Error('the stage did not start');
    return started;
  };

  beforeAll(async () => {
    started = await startStage();
    await stage().agent.listen();
    const folder = path.join(stage().cluster.facts.directory, 'eks');
    mkdirSync(folder);
    db = putJsonSecret(stage().aws, 'eks', nativeCanary);
    const associations = ORDERS.flatMap((order) =>
      [false, true].map((isTwice) => namespaceOf('association', order, isTwice)),
    );
    webhook = await startAmazonWebhook(
      stage().cluster,
      folder,
      associations.map((namespace) => ({ namespace, serviceAccount: 'default' })),
    );
    for (const order of ORDERS) await stage().mustCreate(registration(webhook, order));
    await Promise.all([
      plainNamespace(),
      ...IDENTITIES.flatMap((identity) =>
        ORDERS.flatMap((order) =>
          [false, true].map(async (isTwice) => await makeNamespace(identity, order, isTwice)),
        ),
      ),
    ]);
    drops = await findDrops();
    process.stderr.write(`the webhook drops ${JSON.stringify(drops)}\n`);
  });
  afterAll(async () => {
    await webhook?.stop();
    await started?.[Symbol.asyncDispose]();
  });

  /** Opts in, has a role, and its pods go through both webhooks. */
  async function makeNamespace(identity: Identity, order: Order, isTwice: boolean): Promise<void> {
    const labels = {
      [NAMESPACE_LABEL]: 'enabled',
      [REGISTRATION_LABEL]: nameOf(order),
      ...(isTwice ? { [SECOND_PASS_LABEL]: 'yes' } : {}),
    };
    const namespace = await stage().namespace(labels, namespaceOf(identity, order, isTwice));
    await annotateRole(namespace);
  }

  /** Its pods go through the webhook alone. */
  async function plainNamespace(): Promise<void> {
    await stage().namespace({ [REGISTRATION_LABEL]: 'after-never' }, PLAIN);
    await annotateRole(PLAIN);
  }

  async function annotateRole(namespace: string): Promise<void> {
    const role = `${ANNOTATIONS}/role-arn=${ROLE}`;
    await stage().kubectl(`--namespace=${namespace}`, 'annotate', 'serviceaccount', 'default', role);
    // The webhook learns of registrations, annotations and associations a moment later.
    await until(`the webhook to add a role in ${namespace}`, { seconds: 60, details: logOf }, async () => {
      const { stdout } = await show(pod(namespace, { identity: false }));
      return /AWS_ROLE_ARN|AWS_CONTAINER_CREDENTIALS_FULL_URI/.test(stdout) ? true : undefined;
    });
  }

  function logOf(): string {
    return webhook?.log() ?? '';
  }

  async function show(object: KubernetesObject): ReturnType<Stage['create']> {
    return await stage().create(object, '--dry-run=server', '--output=json');
  }

  /** Which fields the types of the webhook lack. */
  async function findDrops(): Promise<typeof drops> {
    const sidecar = { name: 'sidecar', image: BUSYBOX_IMAGE, restartPolicy: 'Always' };
    const plain = pod(PLAIN, { identity: false, initContainers: [sidecar] });
    const seen = await show(plain);
    const withKey = pod(PLAIN, {
      identity: false,
      containers: [{ ...shell('app', 'true'), env: [FROM_FILE] }],
      spec: { volumes: [{ name: 'aws-secrets', emptyDir: { medium: 'Memory' } }] },
    });
    return {
      fileKeyRef: (await show(withKey)).stderr.includes('must specify one of'),
      restartPolicy: !seen.stdout.includes('"restartPolicy": "Always"'),
    };
  }

  function asking(namespace: string, mode: Mode, options: Options = {}): KubernetesObject {
    const { name = 'app', sidecar, skipped } = options;
    return pod(namespace, {
      name,
      annotations: {
        'secrets-injector.dev/env.DB_USER': `${db.arn}:user`,
        'secrets-injector.dev/file.value': db.arn,
        'secrets-injector.dev/env-mode': mode,
        'secrets-injector.dev/containers': 'app',
        ...(skipped === undefined ? {} : { [`${ANNOTATIONS}/skip-containers`]: skipped.join(',') }),
      },
      containers: [READS, shell('other', 'true')],
      identity: false,
      ...(sidecar === undefined
        ? {}
        : { initContainers: [{ ...shell(sidecar, 'sleep 600'), restartPolicy: 'Always' }] }),
    });
  }

  async function admitted(object: KubernetesObject): Promise<AdmittedSpec | 'refused'> {
    const { status, stdout, stderr } = await show(object);
    if (status === 0) return (JSON.parse(stdout) as { readonly spec: AdmittedSpec }).spec;
    expect(stderr).toMatch(/must specify one of: .* or `?fileKeyRef/);
    return 'refused';
  }

  const cases = IDENTITIES.flatMap((identity) =>
    ORDERS.flatMap((order) =>
      [false, true].map(
        (isTwice) =>
          [
            identity,
            order.place,
            order.policy,
            isTwice ? 'twice' : 'once',
            { identity, order, isTwice },
          ] as const,
      ),
    ),
  );

  it.concurrent.each(cases)(
    '%s, %s the injector, %s, the injector registered %s: the pod is right',
    async (...row) => {
      const { identity, order, isTwice } = row[4];
      const namespace = namespaceOf(identity, order, isTwice);
      const isLost = isRefused(order, drops.fileKeyRef, isTwice);
      const rightOf = (mode: Mode): Verdict => (mode === 'native' && isLost ? 'refused' : []);
      const judge = async (mode: Mode, options: Options = {}): Promise<Verdict> => {
        const spec = await admitted(asking(namespace, mode, options));
        return spec === 'refused' ? spec : faultsOf(spec, { mode, identity, ...options });
      };
      const [first = 'shell'] = MODES;
      const seen: Record<string, Verdict> = {
        'skip app': await judge('shell', { skipped: ['app'] }),
        'skip the fetcher': await judge('shell', { skipped: ['aws-secrets-fetch'] }),
      };
      const right: Record<string, Verdict> = { 'skip app': [], 'skip the fetcher': [] };
      for (const mode of MODES) {
        seen[mode] = await judge(mode);
        right[mode] = rightOf(mode);
      }
      // Old types change every sidecar into an init container, which ends before the others start.
      if (!drops.restartPolicy) {
        seen['sidecar'] = await judge(first, { sidecar: 'sidecar' });
        right['sidecar'] = rightOf(first);
      }
      expect(seen).toEqual(right);
    },
  );

  it.concurrent.each(IDENTITIES)('%s: the pod starts with its secrets', async (identity) => {
    const namespace = namespaceOf(identity, { place: 'after', policy: 'IfNeeded' }, true);
    await stage().mustCreate(asking(namespace, MODES[0] ?? 'shell', { name: 'starts' }));
    expect(await stage().outputOf(namespace, 'starts')).toEqual([checksum(db.user), checksum(db.text)]);
  });
});

const PLAIN = 'shop-plain';

function nameOf({ place, policy }: Order): string {
  return `${place}-${policy}`.toLowerCase();
}

function namespaceOf(identity: Identity, order: Order, isTwice: boolean): string {
  return `shop-${identity}-${nameOf(order)}-${isTwice ? 'twice' : 'once'}`;
}

function registration({ clientConfig }: AmazonWebhook, order: Order): KubernetesObject {
  // The real name sorts after `aws-secrets-injector`.
  const prefix = order.place === 'before' ? 'a-' : '';
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `${prefix}pod-identity-webhook-${order.policy.toLowerCase()}` },
    webhooks: [
      {
        name: 'pod-identity-webhook.amazonaws.com',
        clientConfig,
        // The webhook knows no other version.
        admissionReviewVersions: ['v1beta1'],
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        sideEffects: 'None',
        // Ignore in Amazon's manifest. Here, a failed call must not look like a pod without a role.
        failurePolicy: 'Fail',
        reinvocationPolicy: order.policy,
        namespaceSelector: { matchLabels: { [REGISTRATION_LABEL]: nameOf(order) } },
      },
    ],
  };
}
