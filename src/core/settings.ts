/** What the operator decides about injection. The edges read it from flags and variables; the core only uses it. */

export interface InjectionSettings {
  /** Image of the injected container. */
  readonly image: string;
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
  readonly envMode?: 'auto' | 'shell' | 'file';
  /** Refuse ARNs without the six characters that make them name one secret for good. */
  readonly requireCompleteArns?: boolean;
}

/** Command of the injected container: fixed paths of the project's image, so that no shell is involved. */
export const FETCH_COMMAND: readonly string[] = ['/app/node', '/app/fetch.cjs'];
