/** What a pod must contain after both webhooks. */
import { find } from '../cluster/neighbours/pods.ts';
import type { AdmittedContainer, AdmittedSpec } from '../cluster/product/scenarios/neighbours/scene.ts';
import { ROLE } from '../cluster/product/stage.ts';

export type Mode = 'native' | 'shell' | 'file';
/** How the service account gets its role: the annotation of IRSA, or an association. */
export type Identity = 'irsa' | 'association';

const TOKENS = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
const POD_IDENTITY_TOKENS = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';

const IDENTITIES = {
  irsa: {
    volume: 'aws-iam-token',
    folder: TOKENS,
    variables: { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: `${TOKENS}/token` },
  },
  association: {
    volume: 'eks-pod-identity-token',
    folder: POD_IDENTITY_TOKENS,
    variables: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${POD_IDENTITY_TOKENS}/eks-pod-identity-token`,
    },
  },
} as const;

export interface Expected {
  readonly mode: Mode;
  readonly identity: Identity;
  /** Containers that the annotation `skip-containers` names. */
  readonly skipped?: readonly string[];
  /** The name of a native sidecar that the pod has. */
  readonly sidecar?: string;
}

/** What is wrong with an admitted pod: nothing, if the list is empty. */
export function faultsOf(spec: AdmittedSpec, expected: Expected): readonly string[] {
  const { mode, identity, sidecar, skipped = [] } = expected;
  const fetcher = find(spec.initContainers, 'aws-secrets-fetch');
  const app = find(spec.containers, 'app');
  return [
    // The injector gives the fetcher the identity of the pod in any case.
    ...identityFaults(fetcher, identity, true),
    ...identityFaults(app, identity, !skipped.includes('app')),
    ...identityFaults(find(spec.containers, 'other'), identity, !skipped.includes('other')),
    ...check(
      spec.volumes.some(({ name }) => name === IDENTITIES[identity].volume),
      'the volume of the token',
    ),
    ...check(find(spec.volumes, 'aws-secrets').emptyDir?.medium === 'Memory', 'the volume of secrets'),
    ...check(mountsOf(fetcher).includes('aws-secrets-no-api'), 'the mount over the API token'),
    ...check(mountsOf(fetcher).includes('aws-secrets'), 'the mount of the fetcher'),
    ...check(mountsOf(app).includes('aws-secrets'), 'the mount of the application'),
    ...check((app.command?.[3] === '/run/secrets/aws/env') === (mode === 'shell'), 'the shell'),
    ...(sidecar === undefined
      ? []
      : check(find(spec.initContainers, sidecar).restartPolicy === 'Always', 'the native sidecar')),
    ...check(hasFileKey(app) === (mode === 'native'), 'the native variable'),
  ];
}

function identityFaults(
  container: AdmittedContainer,
  identity: Identity,
  isGiven: boolean,
): readonly string[] {
  const { folder, variables, volume } = IDENTITIES[identity];
  const [other] = (['irsa', 'association'] as const).filter((each) => each !== identity);
  const value = (name: string): string | undefined =>
    (container.env ?? []).find((entry) => entry.name === name)?.value;
  return [
    ...Object.entries(variables).flatMap(([name, wanted]) =>
      check(value(name) === (isGiven ? wanted : undefined), `${name} of ${container.name}`),
    ),
    ...Object.keys(IDENTITIES[other ?? identity].variables).flatMap((name) =>
      check(value(name) === undefined, `${name} of ${container.name}`),
    ),
    ...check(
      (container.volumeMounts ?? []).some(
        ({ name, mountPath, readOnly }) => name === volume && mountPath === folder && readOnly === true,
      ) === isGiven,
      `the mount of the token in ${container.name}`,
    ),
  ];
}

function mountsOf({ volumeMounts = [] }: AdmittedContainer): readonly string[] {
  return volumeMounts.map(({ name }) => name);
}

function hasFileKey({ env = [] }: AdmittedContainer): boolean {
  return env.some(({ name, valueFrom }) => name === 'DB_USER' && valueFrom?.fileKeyRef !== undefined);
}

function check(isRight: boolean, what: string): readonly string[] {
  return isRight ? [] : [what];
}
