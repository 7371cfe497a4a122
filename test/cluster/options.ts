/** What a cluster is asked to be, and what it turned out to be. Both travel between two processes as JSON. */
import type { Level, Toolchain } from './toolchain/toolchain.ts';
import type { KubernetesVersion } from './toolchain/versions.ts';

export interface ClusterOptions {
  readonly level: Level;
  /** Otherwise what the variable KUBERNETES_VERSION names, else 1.35. */
  readonly kubernetes?: KubernetesVersion;
  readonly kubeletFeatureGates?: Readonly<Record<string, boolean>>;
  readonly apiServerFeatureGates?: Readonly<Record<string, boolean>>;
  /** More of the API server's flags, with their dashes. A flag given here wins. */
  readonly apiServerArguments?: readonly string[];
}

export interface ClusterFacts {
  /** Holds everything of this run; removed by stop. Logs are in `logs/<program>.log`. */
  readonly directory: string;
  readonly kubernetes: KubernetesVersion;
  /** Of an administrator. */
  readonly kubeconfig: string;
  readonly apiServerUrl: string;
  /** File of the authority that signed the API server's certificate and can be trusted for the issuer too. */
  readonly caFile: string;
  /** Of service account tokens; discovery and keys are served below it to anybody, as a real cluster's for AWS. */
  readonly issuer: string;
  /** Where pods reach this machine; the loopback address without a node. */
  readonly bridgeAddress: string;
  /** One JSON object a line, at level Request for pods. */
  readonly auditLog: string;
  /** Plain HTTP. */
  readonly etcdUrl: string;
  readonly etcdDirectory: string;
  /** Undefined without a node. */
  readonly node: NodeFacts | undefined;
  readonly kubectl: string;
}

export interface NodeFacts {
  readonly name: string;
  /** Volumes of a pod are in `pods/<uid>/volumes` below it. */
  readonly kubeletRoot: string;
  /** Of containerd's persistent state, where it keeps containers' records. */
  readonly containerdRoot: string;
  readonly containerdSocket: string;
  readonly ctr: string;
}

export interface Order {
  readonly options: ClusterOptions;
  readonly toolchain: Toolchain;
}

/** From the owner to the supervisor. */
export type Command =
  | { readonly type: 'start'; readonly order: Order }
  | { readonly type: 'restart-kubelet'; readonly featureGates: Readonly<Record<string, boolean>> }
  | { readonly type: 'stop' };

/** From the supervisor to the owner. */
export type Report =
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'ready'; readonly facts: ClusterFacts }
  | { readonly type: 'kubelet-restarted' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'stopped'; readonly problems: readonly string[] };
