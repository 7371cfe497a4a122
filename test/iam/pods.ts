/** Pods that request secrets, and the calls that their fetchers make, for tests of policies. */
import fc from 'fast-check';

/** One reference of a pod, and where AWS has the secret. */
export interface Wanted {
  readonly region: string;
  readonly account: string;
  readonly name: string;
  readonly suffix: string;
  /** Whether the manifest has the ARN without the suffix. */
  readonly isPartial: boolean;
  readonly version: { readonly stage?: string; readonly id?: string };
  readonly failover?: string;
}

export interface WantingPod {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly role?: string;
  readonly assumes?: { readonly role: string; readonly externalId?: string };
  readonly wanted: readonly Wanted[];
  readonly refresh?: string;
}

export const REGIONS = ['eu-west-1', 'us-east-1', 'us-west-2'] as const;
export const ACCOUNTS = ['111122223333', '444455556666'] as const;
export const STAGES = ['AWSCURRENT', 'AWSPREVIOUS', 'canary'] as const;
export const VERSION_IDS = ['0'.repeat(32), '1'.repeat(32)] as const;
export const ROLES = ACCOUNTS.flatMap((account) => [
  `arn:aws:iam::${account}:role/one`,
  `arn:aws:iam::${account}:role/team/two`,
]);
// Names that start like each other, end like a suffix, or have characters with a meaning in patterns.
const NAMES = ['db', 'db-anything', 'db-AbCdEf', 'prod/db', 'a.b', 'a+b', 'rds!db-1'] as const;
const SUFFIXES = ['AbCdEf', 'GhIjKl'] as const;

const version = fc.oneof(
  { arbitrary: fc.constant({}), weight: 3 },
  fc.constantFrom(...STAGES).map((stage) => ({ stage })),
  fc.constantFrom(...VERSION_IDS).map((id) => ({ id })),
);

export const wanted: fc.Arbitrary<Wanted> = fc
  .record(
    {
      region: fc.constantFrom(...REGIONS),
      account: fc.constantFrom(...ACCOUNTS),
      name: fc.constantFrom(...NAMES),
      suffix: fc.constantFrom(...SUFFIXES),
      isPartial: fc.boolean(),
      version,
      failover: fc.constantFrom(...REGIONS),
    },
    { requiredKeys: ['region', 'account', 'name', 'suffix', 'isPartial', 'version'] },
  )
  // AWS reads a partial ARN whose name ends like a suffix as a complete one. Failover is to another Region.
  .map(({ failover, ...one }) => ({
    ...one,
    isPartial: one.isPartial && !/-[A-Za-z0-9]{6}$/.test(one.name),
    ...(failover === undefined || failover === one.region ? {} : { failover }),
  }));

export const wantingPod: fc.Arbitrary<WantingPod> = fc.record(
  {
    namespace: fc.constantFrom('shop', 'web'),
    serviceAccount: fc.constantFrom('default', 'api'),
    role: fc.constantFrom(...ROLES),
    assumes: fc.record(
      { role: fc.constantFrom(...ROLES), externalId: fc.constantFrom('id-1', 'id-2') },
      { requiredKeys: ['role'] },
    ),
    wanted: fc.array(wanted, { minLength: 1, maxLength: 6 }),
    refresh: fc.constant('5m'),
  },
  { requiredKeys: ['namespace', 'serviceAccount', 'wanted'] },
);

/** The ARN in the manifest. */
export function writtenArn({ region, account, name, suffix, isPartial }: Wanted): string {
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}${isPartial ? '' : `-${suffix}`}`;
}

/** The ARN that AWS finds, in a Region that has it. */
export function foundArn({ account, name, suffix }: Wanted, region: string): string {
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
}

/** The Regions that the fetcher may ask. */
export function regionsOf({ region, failover }: Wanted): readonly string[] {
  return failover === undefined ? [region] : [region, failover];
}

/** A manifest of JSON, which is YAML too. */
export function manifestOf(pods: readonly WantingPod[]): string {
  return pods.map((pod) => `${JSON.stringify(podOf(pod))}\n`).join('---\n');
}

function podOf({ namespace, serviceAccount, role, assumes, wanted: list, refresh }: WantingPod): object {
  const key = (name: string) => `secrets-injector.dev/${name}`;
  const form = list.map((one, index) => ({
    secret: writtenArn(one),
    files: { [`file-${index}`]: {} },
    ...(one.version.stage === undefined ? {} : { versionStage: one.version.stage }),
    ...(one.version.id === undefined ? {} : { versionId: one.version.id }),
    ...(one.failover === undefined ? {} : { failover: [one.failover] }),
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'pod',
      namespace,
      annotations: {
        [key('secrets')]: JSON.stringify(form),
        ...(refresh === undefined ? {} : { [key('refresh')]: refresh }),
        ...(role === undefined ? {} : { [key('role-arn')]: role }),
        ...(assumes === undefined ? {} : { [key('assume-role-arn')]: assumes.role }),
        ...(assumes?.externalId === undefined ? {} : { [key('external-id')]: assumes.externalId }),
      },
    },
    spec: { serviceAccountName: serviceAccount, containers: [{ name: 'app', image: 'app' }] },
  };
}
