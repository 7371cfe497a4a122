/**
 * The identity options of a pod for the fetcher: a role of its own (`role-arn`) with a service account token in a volume of
 * its own, and a role to assume (`assume-role-arn`). No other container receives any of it.
 */
import type { Options } from '../annotations/options.ts';
import { asArray, asObject, field, type JsonObject } from '../json.ts';
import {
  ASSUME_ROLE_VARIABLE,
  EXTERNAL_ID_VARIABLE,
  POD_NAME_VARIABLE,
  ROLE_TOKEN_DIRECTORY,
  ROLE_TOKEN_FILE,
  ROLE_TOKEN_VOLUME,
} from '../names/identity-variables.ts';
import type { Plan } from '../plan/plan.ts';
import { DEFAULT_ROLE_TOKEN_AUDIENCE, type InjectionSettings } from '../settings.ts';

const EXPIRATION_SECONDS = 3600;
/** Kubernetes API, ProjectedVolumeSource: the default of `defaultMode`, 0644. */
const DEFAULT_MODE = 420;
const TOKEN_PATH = ROLE_TOKEN_FILE.slice(ROLE_TOKEN_DIRECTORY.length + 1);

/** The mount of the token, in the fetcher alone. */
export const ROLE_TOKEN_MOUNT = {
  name: ROLE_TOKEN_VOLUME,
  mountPath: ROLE_TOKEN_DIRECTORY,
  readOnly: true,
} satisfies JsonObject;

/** The volume with the token. The API server sets the default of `defaultMode`, with which every user can read the token. */
export function roleTokenVolume(settings: InjectionSettings): JsonObject {
  const audience = settings.roleTokenAudience ?? DEFAULT_ROLE_TOKEN_AUDIENCE;
  const serviceAccountToken = { audience, expirationSeconds: EXPIRATION_SECONDS, path: TOKEN_PATH };
  return { name: ROLE_TOKEN_VOLUME, projected: { sources: [{ serviceAccountToken }] } };
}

/** Whether a volume is the one that `roleTokenVolume` returns, with or without what the API server defaults. */
export function isRoleTokenVolume(volume: JsonObject, settings: InjectionSettings): boolean {
  const { projected, name: _name, ...otherKinds } = volume;
  const [source, ...others] = asArray(field(projected, 'sources')) ?? [];
  const { serviceAccountToken, ...otherSources } = asObject(source) ?? {};
  const token = asObject(serviceAccountToken) ?? {};
  const mode = field(projected, 'defaultMode') ?? DEFAULT_MODE;
  return (
    [otherKinds, otherSources].every((object) => Object.values(object).every((value) => value === null)) &&
    others.length === 0 &&
    mode === DEFAULT_MODE &&
    token['audience'] === (settings.roleTokenAudience ?? DEFAULT_ROLE_TOKEN_AUDIENCE) &&
    (token['expirationSeconds'] ?? EXPIRATION_SECONDS) === EXPIRATION_SECONDS &&
    token['path'] === TOKEN_PATH
  );
}

/**
 * The variables for the role of the fetcher alone. Together they keep the webhook of EKS from adding the role of the
 * service account: it leaves a container alone that has an identity, a Region and the setting for STS
 * (aws/amazon-eks-pod-identity-webhook, `addEnvToContainer`).
 * @param plan its first secret provides the Region for STS, if the operator sets none
 */
export function roleEnv(
  { roleArn }: Options,
  plan: Plan,
  settings: InjectionSettings,
): readonly JsonObject[] {
  if (roleArn === undefined) return [];
  const isRegionSet = settings.fetcherEnv?.some(({ name }) => REGION_VARIABLES.has(name)) === true;
  const region = plan.secrets[0]?.arn.split(':')[3];
  return [
    { name: 'AWS_ROLE_ARN', value: roleArn.text },
    { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: ROLE_TOKEN_FILE },
    ...(isRegionSet || region === undefined ? [] : [{ name: 'AWS_REGION', value: region }]),
    { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
  ];
}

const REGION_VARIABLES: ReadonlySet<string> = new Set(['AWS_REGION', 'AWS_DEFAULT_REGION']);

/** The variables for the role to assume. */
export function assumedRoleEnv({ assumeRoleArn, externalId }: Options): readonly JsonObject[] {
  if (assumeRoleArn === undefined) return [];
  return [
    { name: ASSUME_ROLE_VARIABLE, value: assumeRoleArn.text },
    ...(externalId === undefined ? [] : [{ name: EXTERNAL_ID_VARIABLE, value: externalId }]),
    { name: POD_NAME_VARIABLE, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
}
