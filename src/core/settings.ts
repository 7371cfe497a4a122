/** What the operator decides about injection. The edges read it from flags and variables; the core only uses it. */

/** Whether the cluster can set variables from the env file (fileKeyRef). */
export type NativeSupport =
  /** `probe`: a kubelet that cannot may still be there, so a second init container has to prove each node. */
  | { readonly can: true; readonly probe: boolean }
  /** `why` is told to users that ask for native variables: what was found, and what would change it. */
  | { readonly can: false; readonly why: string };

export interface InjectionSettings {
  /** Image of the injected container. */
  readonly image: string;
  /** Further repositories of the same image: another webhook may have rewritten it to a mirror before we look again. */
  readonly imageMirrors?: readonly string[];
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** More variables for the injected container alone: endpoints, FIPS, a CA. */
  readonly fetcherEnv?: readonly { readonly name: string; readonly value: string }[];
  /** Resources of the injected container where the pod's annotations say nothing; `none` leaves one out. */
  readonly resources?: {
    readonly cpuRequest?: string;
    readonly cpuLimit?: string;
    readonly memoryRequest?: string;
    readonly memoryLimit?: string;
  };
  /** How variables reach a process when the pod does not say. */
  readonly envMode?: EnvMode;
  /** The same for single namespaces, by name. */
  readonly namespaceEnvModes?: ReadonlyMap<string, EnvMode>;
  /** Absent: it has not been looked up yet. */
  readonly native?: NativeSupport;
  /** Refuse ARNs without the six characters that make them name one secret for good. */
  readonly requireCompleteArns?: boolean;
}

/** How variables reach the process, as users and operators say it. */
export const ENV_MODES = ['auto', 'native', 'shell', 'file'] as const;
export type EnvMode = (typeof ENV_MODES)[number];

/** Commands of the injected containers: fixed paths of the project's image, so that no shell is involved. */
export const FETCH_COMMAND: readonly string[] = ['/app/node', '/app/fetch.cjs'];
export const CHECK_COMMAND: readonly string[] = ['/app/node', '/app/check.cjs'];
