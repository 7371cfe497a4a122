/** The requested cluster and the facts about the running one. Two processes exchange both as JSON. */
import type { Level, Toolchain } from './toolchain/toolchain.ts';
import type { KubernetesVersion } from './toolchain/versions.ts';

/** Of containerd: `native` copies the files of an image for each container, `overlayfs` mounts them, as most nodes do. */
export type Snapshotter = 'native' | 'overlayfs';

export interface ClusterOptions {
  readonly level: Level;
  /** Default: the variable KUBERNETES_VERSION, else 1.35. */
  readonly kubernetes?: KubernetesVersion;
  readonly kubeletFeatureGates?: Readonly<Record<string, boolean>>;
  readonly apiServerFeatureGates?: Readonly<Record<string, boolean>>;
  /** Further flags of the API server, with their dashes. They override the defaults. */
  readonly apiServerArguments?: readonly string[];
  /** Default: native, which works where a mount of overlayfs is not possible. */
  readonly snapshotter?: Snapshotter;
}

export interface ClusterFacts {
  /** The folder of this run, which stop removes. Logs are in `logs/<program>.log`. */
  readonly directory: string;
  readonly kubernetes: KubernetesVersion;
  /** The kubeconfig of an administrator. */
  readonly kubeconfig: string;
  readonly apiServerUrl: string;
  /** The CA certificate of the API server, which also serves the issuer. */
  readonly caFile: string;
  /** The issuer of service account tokens. It serves discovery and keys without authentication, as AWS requires. */
  readonly issuer: string;
  /** The address at which pods reach this machine; without a node, the loopback address. */
  readonly bridgeAddress: string;
  /** One JSON object per line, at level Request for pods. */
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
  /** The volumes of a pod are in `pods/<uid>/volumes`. */
  readonly kubeletRoot: string;
  /** The persistent state of containerd, with its records of containers. */
  readonly containerdRoot: string;
  /** Its state while it runs. */
  readonly containerdState: string;
  readonly containerdSocket: string;
  readonly ctr: string;
  /** The addresses of the EKS Pod Identity Agent, which only pods can reach: IPv4, and IPv6 if the machine has it. */
  readonly agentAddresses: readonly string[];
}

export interface Order {
  readonly options: ClusterOptions;
  readonly toolchain: Toolchain;
}

/** From the owner to the supervisor. */
export type Command =
  | { readonly type: 'start'; readonly order: Order }
  | { readonly type: 'restart-kubelet'; readonly featureGates: Readonly<Record<string, boolean>> }
  | { readonly type: 'add-node'; readonly archives: readonly string[] }
  | { readonly type: 'lose-nodes' }
  | { readonly type: 'lose-control-plane' }
  | { readonly type: 'start-control-plane' }
  | { readonly type: 'stop' };

/** From the supervisor to the owner. */
export type Report =
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'ready'; readonly facts: ClusterFacts }
  | { readonly type: 'done' }
  | { readonly type: 'node-added'; readonly facts: NodeFacts }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'stopped'; readonly problems: readonly string[] };
