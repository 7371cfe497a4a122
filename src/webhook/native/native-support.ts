/**
 * Whether the cluster supports native variables (`fileKeyRef`), which Kubernetes has since 1.35. The format of 1.34, which was
 * off by default, is never used. An API server without support rejects the pod, but a kubelet without support silently sets
 * an empty variable, so the versions of the kubelets are checked.
 */
import { quote } from '../../core/problems/quote.ts';
import type { NativeSupport } from '../../core/settings.ts';
import type { ApiAnswer, ClusterApi } from '../../kubernetes/api-client.ts';
import { findOldKubelet } from '../../kubernetes/kubelets.ts';
import { isAtLeast, readServerVersion } from '../../kubernetes/version.ts';

/** The first minor version of Kubernetes with the format. */
const LEAST_MINOR = 35;
/** A kubelet is at most three minor versions older than its API server (version skew policy of Kubernetes). */
const CERTAIN_MINOR = LEAST_MINOR + 3;

/** The result of one cluster check. */
export interface Finding {
  readonly support: NativeSupport;
  /** Set if the API server did not answer. The result of an earlier check may be better. */
  readonly failed?: string;
  /** Another check soon would fail as well. */
  readonly lasting?: boolean;
}

/** Checks the cluster once. Never rejects. */
export async function findNativeSupport(
  setting: 'on' | 'auto',
  api: ClusterApi,
  signal: AbortSignal,
): Promise<Finding> {
  const answer = await api.ask(
    { path: '/version', accept: 'application/json', mostBytes: 64 * 1024 },
    signal,
  );
  const server = answer.kind === 'answer' ? readServerVersion(answer.json) : undefined;
  if (server === undefined) return withoutVersion(setting, answer);
  if (!isAtLeast(server, LEAST_MINOR)) {
    const found = `the API server has version ${quote(server.text)}`;
    return cannot(`${found}, but native variables need 1.${LEAST_MINOR} or later`);
  }
  if (setting === 'on' || isAtLeast(server, CERTAIN_MINOR)) return { support: { can: true, probe: false } };
  return lookAtKubelets(api, signal);
}

async function lookAtKubelets(api: ClusterApi, signal: AbortSignal): Promise<Finding> {
  const kubelets = await findOldKubelet(api, LEAST_MINOR, signal);
  switch (kubelets.kind) {
    case 'all':
      return kubelets.nodes === 0
        ? cannot('the cluster has no nodes yet, so kubelet versions are unknown')
        : { support: { can: true, probe: true } };
    case 'old':
      return cannot(
        `node ${quote(kubelets.node)} has kubelet ${quote(kubelets.version)}, but native variables need ` +
          `1.${LEAST_MINOR} or later on every node`,
      );
    case 'refused':
      if (kubelets.status !== 403) return unanswered(kubelets);
      return cannot(
        'the webhook is not allowed to list nodes, so kubelet versions are unknown; grant its service account ' +
          '"list" on "nodes", or set native-variables to on',
      );
    case 'failed':
      return unanswered(kubelets);
  }
}

function withoutVersion(setting: 'on' | 'auto', answer: ApiAnswer): Finding {
  const finding =
    answer.kind === 'answer'
      ? unanswered({ kind: 'failed', what: 'the answer does not contain a version' })
      : unanswered(answer);
  // The operator's setting applies if nothing contradicts it.
  return setting === 'on' ? { ...finding, support: { can: true, probe: false } } : finding;
}

function cannot(why: string): Finding {
  return { support: { can: false, why } };
}

function unanswered(answer: Exclude<ApiAnswer, { readonly kind: 'answer' }>): Finding {
  const failed = answer.kind === 'refused' ? `HTTP ${answer.status}` : answer.what;
  const why =
    `the webhook could not get versions from the API server (${failed}); fix this (docs/guides/operations.md, ` +
    'Native variables), or set native-variables to on';
  const lasting = answer.kind === 'failed' && answer.lasting === true;
  return { support: { can: false, why }, failed, ...(lasting ? { lasting } : {}) };
}
