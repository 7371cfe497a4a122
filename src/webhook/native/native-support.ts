/**
 * Whether the cluster supports a feature of pods, by the versions of the API server and the kubelets.
 *
 * Native variables (`fileKeyRef`): Kubernetes has them since 1.35. The format of 1.34, which was off by default, is never
 * used. An API server without support rejects the pod, but a kubelet without support silently sets an empty variable.
 *
 * Native sidecars (`restartPolicy` of an init container): on by default since 1.29. An API server without support drops
 * the field, and a kubelet without support waits for the end of the container, which never comes.
 */
import { quote } from '../../core/problems/quote.ts';
import type { NativeSupport, SidecarSupport, Unsupported } from '../../core/settings.ts';
import type { ApiAnswer, ClusterApi } from '../../kubernetes/api-client.ts';
import { findOldKubelet } from '../../kubernetes/kubelets.ts';
import { isAtLeast, readServerVersion } from '../../kubernetes/version.ts';
import { NATIVE_OFF, SIDECARS_OFF } from '../../runtime/settings/injection.ts';

/** A feature of the cluster. */
export interface Feature<S> {
  /** Continues a sentence that starts with a version. */
  readonly name: string;
  /** The first minor version of Kubernetes with the feature. */
  readonly leastMinor: number;
  /** @param isProbed whether the kubelets were checked, so that an older one may still join */
  readonly supported: (isProbed: boolean) => S;
  /** The result if the operator turned the feature off. */
  readonly off: Unsupported;
  /** How the operator states that the cluster has the feature. */
  readonly wayOut: string;
  /** The section of docs/guides/operations.md. */
  readonly section: string;
}

export const NATIVE_VARIABLES: Feature<NativeSupport> = {
  name: 'native variables',
  leastMinor: 35,
  supported: (isProbed) => ({ can: true, probe: isProbed }),
  off: NATIVE_OFF,
  wayOut: 'set native-variables to on',
  section: 'Native variables',
};

export const NATIVE_SIDECARS: Feature<SidecarSupport> = {
  name: 'native sidecars',
  leastMinor: 29,
  supported: () => ({ can: true }),
  off: SIDECARS_OFF,
  wayOut: 'set native-sidecars to available',
  section: 'Native sidecars',
};

/** A kubelet is at most three minor versions older than its API server (version skew policy of Kubernetes). */
const KUBELET_SKEW = 3;

/** The result of one cluster check. */
export interface Finding<S> {
  readonly support: S | Unsupported;
  /** Set if the API server did not answer. The result of an earlier check may be better. */
  readonly failed?: string;
  /** Another check soon would fail as well. */
  readonly lasting?: boolean;
}

/** Checks the cluster once. Never rejects. @param setting `on` if the operator states that the cluster has the feature */
export async function findSupport<S>(
  feature: Feature<S>,
  setting: 'on' | 'auto',
  api: ClusterApi,
  signal: AbortSignal,
): Promise<Finding<S>> {
  const answer = await api.ask(
    { path: '/version', accept: 'application/json', mostBytes: 64 * 1024 },
    signal,
  );
  const server = answer.kind === 'answer' ? readServerVersion(answer.json) : undefined;
  if (server === undefined) return withoutVersion(feature, setting, answer);
  const { name, leastMinor, supported } = feature;
  if (!isAtLeast(server, leastMinor)) {
    const found = `the API server has version ${quote(server.text)}`;
    return cannot(`${found}, but ${name} need 1.${leastMinor} or later`);
  }
  if (setting === 'on' || isAtLeast(server, leastMinor + KUBELET_SKEW)) return { support: supported(false) };
  return lookAtKubelets(feature, api, signal);
}

async function lookAtKubelets<S>(
  feature: Feature<S>,
  api: ClusterApi,
  signal: AbortSignal,
): Promise<Finding<S>> {
  const { name, leastMinor, supported, wayOut } = feature;
  const kubelets = await findOldKubelet(api, leastMinor, signal);
  switch (kubelets.kind) {
    case 'all':
      return kubelets.nodes === 0
        ? cannot('the cluster has no nodes yet, so kubelet versions are unknown')
        : { support: supported(true) };
    case 'old':
      return cannot(
        `node ${quote(kubelets.node)} has kubelet ${quote(kubelets.version)}, but ${name} need ` +
          `1.${leastMinor} or later on every node`,
      );
    case 'refused':
      if (kubelets.status !== 403) return unanswered(feature, kubelets);
      return cannot(
        'the webhook is not allowed to list nodes, so kubelet versions are unknown; grant its service account ' +
          `"list" on "nodes", or ${wayOut}`,
      );
    case 'failed':
      return unanswered(feature, kubelets);
  }
}

function withoutVersion<S>(feature: Feature<S>, setting: 'on' | 'auto', answer: ApiAnswer): Finding<S> {
  const finding =
    answer.kind === 'answer'
      ? unanswered(feature, { kind: 'failed', what: 'the answer does not contain a version' })
      : unanswered(feature, answer);
  // The operator's setting applies if nothing contradicts it.
  return setting === 'on' ? { ...finding, support: feature.supported(false) } : finding;
}

function cannot(why: string): Finding<never> {
  return { support: { can: false, why } };
}

function unanswered<S>(
  { wayOut, section }: Feature<S>,
  answer: Exclude<ApiAnswer, { readonly kind: 'answer' }>,
): Finding<never> {
  const failed = answer.kind === 'refused' ? `HTTP ${answer.status}` : answer.what;
  const why =
    `the webhook could not get versions from the API server (${failed}); fix this (docs/guides/operations.md, ` +
    `${section}), or ${wayOut}`;
  const lasting = answer.kind === 'failed' && answer.lasting === true;
  return { support: { can: false, why }, failed, ...(lasting ? { lasting } : {}) };
}
