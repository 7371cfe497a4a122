/**
 * What the EKS pod identity webhook does to a pod, written from its source (aws/amazon-eks-pod-identity-webhook,
 * pkg/handler): identity variables and a token mount in every container, the volume first in the list, and a label.
 */

export interface EksSettings {
  /** An EKS Pod Identity association, or the annotation of the service account (IRSA). */
  readonly kind: 'association' | 'annotation';
  readonly region: string;
  readonly regionalSts: boolean;
}

interface Named {
  readonly name: string;
}

export interface EksContainer extends Named {
  env?: (Named & { readonly value?: string })[] | null;
  volumeMounts?: (Named & { readonly mountPath?: string; readonly readOnly?: boolean })[] | null;
}

export interface EksPod {
  metadata: { labels?: Record<string, string>; annotations?: unknown };
  spec: {
    containers: EksContainer[];
    initContainers?: EksContainer[] | null;
    volumes?: Named[] | null;
  };
}

const KINDS = {
  association: {
    volume: 'eks-pod-identity-token',
    audience: 'pods.eks.amazonaws.com',
    folder: '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount',
    path: 'eks-pod-identity-token',
    first: { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' },
    tokenFile: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  },
  annotation: {
    volume: 'aws-iam-token',
    audience: 'sts.amazonaws.com',
    folder: '/var/run/secrets/eks.amazonaws.com/serviceaccount',
    path: 'token',
    first: { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111122223333:role/shop' },
    tokenFile: 'AWS_WEB_IDENTITY_TOKEN_FILE',
  },
} as const;

/** The pod after a call of the webhook. The pod that is passed stays as it is. */
export function callEks<P>(pod: P, settings: EksSettings): P {
  const result = structuredClone(pod);
  const { metadata, spec } = result as unknown as EksPod;
  const { volume, audience, path } = KINDS[settings.kind];
  const annotations = (metadata.annotations ?? {}) as Record<string, string>;
  const skipped = (annotations['eks.amazonaws.com/skip-containers'] ?? '').split(',');
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])])
    if (!skipped.includes(container.name)) giveIdentity(container, settings);
  if (!spec.volumes?.some(({ name }) => name === volume)) {
    const serviceAccountToken = { audience, expirationSeconds: 86_400, path };
    const added = { name: volume, projected: { sources: [{ serviceAccountToken }] } };
    spec.volumes = [added, ...(spec.volumes ?? [])];
  }
  if (settings.kind === 'association')
    metadata.labels = { ...metadata.labels, 'eks.amazonaws.com/pod-identity': 'enabled' };
  return result;
}

function giveIdentity(container: EksContainer, { kind, region, regionalSts }: EksSettings): void {
  const { volume, folder, path, first, tokenFile } = KINDS[kind];
  const env = container.env ?? [];
  const has = (...names: string[]) => env.some(({ name }) => names.includes(name));
  const hasIdentity = has(first.name, tokenFile);
  const hasRegion = has('AWS_REGION', 'AWS_DEFAULT_REGION');
  const hasSts = has('AWS_STS_REGIONAL_ENDPOINTS');
  if (hasIdentity && hasRegion && hasSts) return;
  container.env = [
    ...env,
    ...(hasSts || !regionalSts ? [] : [{ name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' }]),
    ...(hasRegion
      ? []
      : [
          { name: 'AWS_DEFAULT_REGION', value: region },
          { name: 'AWS_REGION', value: region },
        ]),
    ...(hasIdentity ? [] : [first, { name: tokenFile, value: `${folder}/${path}` }]),
  ];
  const mounts = container.volumeMounts ?? [];
  const isMounted = mounts.some(({ name }) => name === volume);
  container.volumeMounts = isMounted
    ? mounts
    : [...mounts, { name: volume, mountPath: folder, readOnly: true }];
}
