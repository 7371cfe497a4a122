/**
 * Whether this cluster can set variables from the env file (`fileKeyRef`). Kubernetes can from 1.35 on; 1.34 had
 * another format, off by default, which is never used. An API server without it refuses the pod; a kubelet without it
 * sets the variable to nothing and says no word, so it is the kubelets that are asked for.
 */
import { quote } from '../../core/problems/quote.ts';
import type { NativeSupport } from '../../core/settings.ts';
import type { ApiAnswer, ClusterApi } from '../../kubernetes/api-client.ts';
import { findOldKubelet } from '../../kubernetes/kubelets.ts';
import { isAtLeast, readServerVersion } from '../../kubernetes/version.ts';

/** The first minor version of Kubernetes 1 that has the format. */
const LEAST_MINOR = 35;
/** Kubelets lag behind their API server by three minors at most (Kubernetes' version skew policy). */
const CERTAIN_MINOR = LEAST_MINOR + 3;

/** What one look at the cluster came to. */
export interface Finding {
  readonly support: NativeSupport;
  /** The cluster could not be asked: an earlier answer may be better than this one. */
  readonly failed?: string;
  /** Asking again in a moment would be no use. */
  readonly lasting?: boolean;
}

/** Looks at the cluster once. Never rejects. */
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
    const found = `the API server is Kubernetes ${quote(server.text)}`;
    return cannot(`${found}, and native variables need 1.${LEAST_MINOR} or newer`);
  }
  if (setting === 'on' || isAtLeast(server, CERTAIN_MINOR)) return { support: { can: true, probe: false } };
  return lookAtKubelets(api, signal);
}

async function lookAtKubelets(api: ClusterApi, signal: AbortSignal): Promise<Finding> {
  const kubelets = await findOldKubelet(api, LEAST_MINOR, signal);
  switch (kubelets.kind) {
    case 'all':
      return kubelets.nodes === 0
        ? cannot('the cluster lists no node yet, so none is known to be new enough')
        : { support: { can: true, probe: true } };
    case 'old':
      return cannot(
        `node ${quote(kubelets.node)} has kubelet ${quote(kubelets.version)}, and native variables need ` +
          `1.${LEAST_MINOR} or newer on every node`,
      );
    case 'refused':
      if (kubelets.status !== 403) return unanswered(kubelets);
      return cannot(
        'the webhook has no right to list nodes, so their versions are not known: grant its service account ' +
          '"list" on "nodes", or set native-variables to on',
      );
    case 'failed':
      return unanswered(kubelets);
  }
}

function withoutVersion(setting: 'on' | 'auto', answer: ApiAnswer): Finding {
  const finding =
    answer.kind === 'answer'
      ? unanswered({ kind: 'failed', what: 'the answer about its version is not what was expected' })
      : unanswered(answer);
  // The operator's word counts where nothing is known that contradicts it.
  return setting === 'on' ? { ...finding, support: { can: true, probe: false } } : finding;
}

function cannot(why: string): Finding {
  return { support: { can: false, why } };
}

function unanswered(answer: Exclude<ApiAnswer, { readonly kind: 'answer' }>): Finding {
  const failed = answer.kind === 'refused' ? `HTTP ${answer.status}` : answer.what;
  const why =
    `the webhook could not ask the API server for versions (${failed}): mend that (docs/guides/operations.md, ` +
    'Native variables), or set native-variables to on';
  const lasting = answer.kind === 'failed' && answer.lasting === true;
  return { support: { can: false, why }, failed, ...(lasting ? { lasting } : {}) };
}
