/**
 * The pod's AWS identity for the fetcher. The EKS pod identity webhook adds variables and a token mount to every container
 * of the pod. If it ran before the injector, it did not see the fetcher, so both are copied from another container. If it
 * runs later, nothing needs to be done. Every order results in the same pod: copies have the webhook's own order.
 *
 * Anybody can write the variables, so only what that webhook writes is copied: literal values of the expected form, and
 * the mount of a volume that contains nothing but service account tokens. A file that a user controls would otherwise
 * become the token, or replace a program of the fetcher.
 *
 * Source: variables, volumes and paths of aws/amazon-eks-pod-identity-webhook.
 */
import { asArray, field, type JsonObject, textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { ROLE_TOKEN_DIRECTORY } from '../names/identity-variables.ts';
import { replacedBy } from '../names/injected-paths.ts';
import { comparablePath, covers } from '../names/paths.ts';
import { isRegion } from '../names/regions.ts';
import type { Container, Pod } from '../pod/pod.ts';

type Mount = Container['mounts'][number];
type Volumes = ReadonlyMap<unknown, JsonObject>;

const ROLE = 'AWS_ROLE_ARN';
const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
const CREDENTIALS_URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const CREDENTIALS_TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
const STS_ENDPOINTS = 'AWS_STS_REGIONAL_ENDPOINTS';
const REGIONS = ['AWS_DEFAULT_REGION', 'AWS_REGION'];

/**
 * EKS Pod Identity and IAM roles for service accounts: the variable with the token's path, and what goes with it. The
 * first takes precedence, as it does for that webhook if a service account has both.
 */
const IDENTITIES = [
  { tokenFile: CREDENTIALS_TOKEN_FILE, required: CREDENTIALS_URI },
  { tokenFile: TOKEN_FILE, required: ROLE },
] as const;

/** Each of them shows that a container has an identity. */
export const TOKEN_FILE_VARIABLES: ReadonlySet<unknown> = new Set(
  IDENTITIES.map(({ tokenFile }) => tokenFile),
);

/** Every variable that AWS webhooks set. The guard lists them as well. */
export const IDENTITY_VARIABLES: readonly string[] = [
  ...IDENTITIES.flatMap(({ tokenFile, required }) => [tokenFile, required]),
  STS_ENDPOINTS,
  ...REGIONS,
];

/** Where the webhook mounts tokens. Its operator can choose another directory below. */
const TOKENS = '/var/run/secrets';
const API_TOKENS = '/var/run/secrets/kubernetes.io';

const VALID: Readonly<Record<string, (value: string) => boolean>> = {
  [ROLE]: (value) => /^arn:[a-z-]{3,20}:iam::\d{12}:role\/[\w+=,.@/-]{1,1024}$/.test(value),
  [CREDENTIALS_URI]: (value) =>
    /^http:\/\/(?:169\.254\.170\.23|\[fd00:ec2::23\])\/v1\/credentials$/.test(value),
  AWS_REGION: isRegion,
  AWS_DEFAULT_REGION: isRegion,
  [STS_ENDPOINTS]: (value) => value === 'regional' || value === 'legacy',
};

export interface SharedIdentity {
  readonly env: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
}

export const NO_IDENTITY: SharedIdentity = { env: [], mounts: [] };

/** The identity variables and the token mount of another container; empty if no container has them. */
export function sharedIdentity(pod: Pod, fetcherName: string): SharedIdentity {
  const volumes = volumesOf(pod);
  for (const { tokenFile, required } of IDENTITIES) {
    for (const container of [...pod.containers, ...pod.initContainers]) {
      const mount =
        container.name === fetcherName ? undefined : identityMount(volumes, container, tokenFile, required);
      if (mount === undefined) continue;
      const env = [STS_ENDPOINTS, ...REGIONS, required, tokenFile].flatMap((name) => {
        const value = name === tokenFile ? literalOf(container, name) : validOf(container, name);
        return value === undefined ? [] : [{ name, value }];
      });
      const { name, mountPath } = mount;
      return { env, mounts: [{ name, mountPath, readOnly: true }] };
    }
  }
  return NO_IDENTITY;
}

/**
 * Finds the variables of a container that the webhook wrote: whether it ran before or after the injector must not change the
 * plan. Only one of the variables for the Region, or two that differ, are the container's own.
 */
export function addedVariables(pod: Pod): (container: Container) => ReadonlySet<string> {
  const volumes = volumesOf(pod);
  return (container) => {
    const identity = IDENTITIES.find(({ tokenFile, required }) =>
      identityMount(volumes, container, tokenFile, required),
    );
    if (identity === undefined) return NO_VARIABLES;
    const [region, other] = REGIONS.map((name) => validOf(container, name));
    const regions = region !== undefined && region === other ? REGIONS : [];
    return new Set([identity.tokenFile, identity.required, STS_ENDPOINTS, ...regions]);
  };
}

const NO_VARIABLES: ReadonlySet<string> = new Set();

/** The mount of an identity that is complete and that the webhook can have written. */
function identityMount(
  volumes: Volumes,
  container: Container,
  tokenFile: string,
  required: string,
): Mount | undefined {
  if (validOf(container, required) === undefined) return undefined;
  const mount = tokenMount(volumes, container, tokenFile);
  return mount !== undefined && isKnownPlace(mount) ? mount : undefined;
}

/** Why the fetcher must not use an identity variable that another webhook or user set, or undefined. */
export function identityFault(pod: Pod, fetcher: Container, name: string): string | undefined {
  if (IDENTITIES.some(({ tokenFile }) => tokenFile === name)) {
    const file = literalOf(fetcher, name);
    if (file !== undefined && covers(ROLE_TOKEN_DIRECTORY, file))
      return `names the token that only ${annotationKey('role-arn')} may use`;
    const isToken = tokenMount(volumesOf(pod), fetcher, name) !== undefined || lostToken(pod, fetcher, name);
    return isToken
      ? undefined
      : 'does not name a token in a volume that contains only service account tokens';
  }
  const isChecked = Object.hasOwn(VALID, name);
  return isChecked && validOf(fetcher, name) === undefined
    ? 'has a value that AWS webhooks do not set'
    : undefined;
}

/** Whether another webhook removed only the mount of the token, which is then copied again. */
function lostToken(pod: Pod, fetcher: Container, tokenFile: string): boolean {
  const file = literalOf(fetcher, tokenFile);
  return (
    file !== undefined &&
    !fetcher.mounts.some((mount) => covers(textField(mount, 'mountPath') ?? '', file)) &&
    sharedIdentity(pod, fetcher.name).env.some((one) => one['name'] === tokenFile && one['value'] === file)
  );
}

/** The mount with the token that a variable names, if only kubelet writes to its volume. */
function tokenMount(volumes: Volumes, container: Container, tokenFile: string): Mount | undefined {
  const file = literalOf(container, tokenFile);
  // kubelet would expand `$(NAME)`.
  if (file === undefined || file.includes('$')) return undefined;
  const above = container.mounts.filter((mount) => covers(textField(mount, 'mountPath') ?? '', file));
  const [mount, ...others] = above.toSorted((one, other) => depthOf(other) - depthOf(one));
  if (mount === undefined || others.some((other) => depthOf(other) === depthOf(mount))) return undefined;
  const mountPath = textField(mount, 'mountPath') ?? '';
  if (replacedBy(mountPath) !== undefined || mount['subPath'] || mount['subPathExpr']) return undefined;
  const isToken = tokensOf(volumes.get(mount['name'])).some(
    (token) => comparablePath(`${mountPath}/${token}`) === comparablePath(file),
  );
  return isToken ? mount : undefined;
}

/** The paths of the tokens in a volume that contains nothing else. Tokens without an audience are for the API server. */
function tokensOf(volume: JsonObject | undefined): readonly string[] {
  const sources = asArray(field(field(volume, 'projected'), 'sources')) ?? [];
  const tokens = sources.flatMap((source) => {
    const token = field(source, 'serviceAccountToken');
    const path = textField(token, 'path');
    return path === undefined || !textField(token, 'audience') ? [] : [path];
  });
  return tokens.length === sources.length ? tokens : [];
}

function volumesOf(pod: Pod): Volumes {
  return new Map(pod.volumes.map((volume) => [volume['name'], volume]));
}

function isKnownPlace(mount: Mount): boolean {
  const path = textField(mount, 'mountPath') ?? '';
  return (
    covers(TOKENS, path) &&
    comparablePath(path) !== comparablePath(TOKENS) &&
    !covers(API_TOKENS, path) &&
    !covers(ROLE_TOKEN_DIRECTORY, path)
  );
}

function depthOf(mount: Mount): number {
  return comparablePath(textField(mount, 'mountPath') ?? '').split('/').length;
}

/** The value of a variable, if it is one that the webhook writes. */
function validOf(container: Container, name: string): string | undefined {
  const value = literalOf(container, name);
  return value !== undefined && VALID[name]?.(value) === true ? value : undefined;
}

/** The value of a variable that the container sets literally, once. */
function literalOf(container: Container, name: string): string | undefined {
  const [entry, ...others] = container.env.filter((one) => textField(one, 'name') === name);
  return entry === undefined || others.length > 0 ? undefined : textField(entry, 'value');
}
