/** The operator's settings for the injection. The programs read them from flags and variables; the core uses them. */
import type { RefreshCheck } from './plan/refresh.ts';
import type { Policy } from './policy/policy.ts';

/** `why` is shown to users who request the feature: what was found, and how to change it. */
export interface Unsupported {
  readonly can: false;
  readonly why: string;
}

/** Whether the cluster supports native variables (`fileKeyRef`). */
export type NativeSupport =
  /** `probe`: some kubelet may still be too old, so a second init container checks each node. */
  { readonly can: true; readonly probe: boolean } | Unsupported;

/** Whether the cluster supports native sidecars (`restartPolicy` of an init container), which `refresh` needs. */
export type SidecarSupport = { readonly can: true } | Unsupported;

export interface InjectionSettings {
  /** Image of the injected containers. */
  readonly image: string;
  /** Additional repositories of the same image, in case another webhook rewrites the image to a mirror. */
  readonly imageMirrors?: readonly string[];
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Additional variables for the fetcher: endpoints, FIPS, a CA. */
  readonly fetcherEnv?: readonly { readonly name: string; readonly value: string }[];
  /** Resources of the injected containers where the pod's annotations set none; `none` omits the field. */
  readonly resources?: {
    readonly cpuRequest?: string;
    readonly cpuLimit?: string;
    readonly memoryRequest?: string;
    readonly memoryLimit?: string;
  };
  /** The env-mode of pods that do not set one. */
  readonly envMode?: EnvMode;
  /** The same by namespace. */
  readonly namespaceEnvModes?: ReadonlyMap<string, EnvMode>;
  /** Undefined before the first cluster check. */
  readonly native?: NativeSupport;
  /** Undefined before the first cluster check. */
  readonly sidecars?: SidecarSupport;
  /** How the fetcher finds out that a secret has changed. */
  readonly refreshCheck?: RefreshCheck;
  /** Whether `pin-version` has no effect: for manifests of a repository, in which nothing records versions. */
  readonly ignoresPins?: boolean;
  /** Whether to reject ARNs without the six-character suffix. */
  readonly requireCompleteArns?: boolean;
  /** The audience of the token for the annotation `role-arn`. */
  readonly roleTokenAudience?: string;
  /** The roles that pods may name, by namespace. Without an element, every pod may name every role. */
  readonly allowedRoles?: readonly AllowedRole[];
  /** The rules of the policy file. Requests must satisfy them and the settings above. */
  readonly policy?: Policy;
}

/** Patterns of a namespace and of the ARN of a role: `*` matches any characters. */
export interface AllowedRole {
  readonly namespace: string;
  readonly role: string;
}

/** The audience that IAM OIDC providers of EKS clusters expect. */
export const DEFAULT_ROLE_TOKEN_AUDIENCE = 'sts.amazonaws.com';

/** How variables reach the process, as users and operators choose it. */
export const ENV_MODES = ['auto', 'native', 'shell', 'file'] as const;
export type EnvMode = (typeof ENV_MODES)[number];

/** Commands of the injected containers: fixed paths of the project's image, without a shell. */
export const FETCH_COMMAND: readonly string[] = ['/app/aws-secrets-injector', 'fetch'];
export const CHECK_COMMAND: readonly string[] = ['/app/aws-secrets-injector', 'check'];
/** The probes of a fetcher with `refresh`: whether the first fetch is done, and whether the files are up to date. */
export const STARTED_COMMAND: readonly string[] = ['/app/aws-secrets-injector', 'refresh-status', 'started'];
export const FRESH_COMMAND: readonly string[] = ['/app/aws-secrets-injector', 'refresh-status', 'fresh'];

/** The same in pods of release 0.1, which restores and `kubectl debug --copy-to` bring back with the image of that release. */
export const EARLIER_FETCH_COMMAND: readonly string[] = ['/app/node', '/app/fetch.cjs'];
export const EARLIER_CHECK_COMMAND: readonly string[] = ['/app/node', '/app/check.cjs'];
