/**
 * Access to the API server: in a pod with its service account, elsewhere through `kubectl proxy`. kubectl knows every way to
 * sign in, and does so once for all requests. Its proxy listens on a Unix socket in a private folder, because a port would
 * give the rights of the user to every program of the machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type AgentOptions } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ok, type Result } from '../../core/problems/result.ts';
import {
  type ApiLimits,
  type ClusterApi,
  makeClusterApi,
  makeProxiedApi,
  placeOf,
} from '../../kubernetes/api-client.ts';
import { type Kind, PATH } from '../../runtime/settings/kinds.ts';
import { type Environment, optional, setting } from '../../runtime/settings/settings.ts';
import { startKubectl } from './kubectl-process.ts';

/** Which cluster, in the words of kubectl. */
export interface ClusterChoice {
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  /** The program, by its name or its path. */
  readonly kubectl: string;
}

const CONTEXT: Kind<string> = {
  placeholder: 'name',
  expects: 'the name of a context',
  parse: (text) => (/^[^\s\p{Cc}-]\P{Cc}{0,500}$/u.test(text) ? text : undefined),
};

/** Flags of the commands that read a cluster. */
export const CLUSTER_SETTINGS = {
  context: optional(CONTEXT, 'Context of the kubeconfig. By default, the current one.'),
  kubeconfig: optional(PATH, 'The kubeconfig. By default, that of kubectl.'),
  kubectl: setting(PATH, 'kubectl', 'The program that signs in to the cluster, outside of a pod.'),
};

export interface ClusterAccess {
  readonly api: ClusterApi;
  /** Whether the program runs in a pod of the cluster. */
  readonly isInPod: boolean;
  /** The beginning of the command line of kubectl, to run it for the same cluster. */
  readonly kubectl: readonly string[];
  /** Ends the access. Afterwards, nothing of it remains on the machine. */
  close(): void;
}

const LIMITS: ApiLimits = { connectMilliseconds: 5_000, requestMilliseconds: 30_000 };

/** Opens the access. The problem says what is missing. */
export async function openCluster(
  choice: ClusterChoice,
  env: Environment,
): Promise<Result<ClusterAccess, string>> {
  const { context, kubeconfig } = choice;
  const kubectl = [
    choice.kubectl,
    ...(context === undefined ? [] : [`--context=${context}`]),
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
  ];
  const place = placeOf(env);
  const isInPod = place.host !== undefined && context === undefined && kubeconfig === undefined;
  if (!isInPod) return await openProxy(kubectl);
  return ok({ api: makeClusterApi(place, LIMITS), isInPod, kubectl, close: () => undefined });
}

async function openProxy(kubectl: readonly string[]): Promise<Result<ClusterAccess, string>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-'));
  const socketPath = path.join(folder, 'api');
  // The types of Node.js lack this option of connections.
  const options: AgentOptions & { socketPath: string } = { keepAlive: true, maxSockets: 8, socketPath };
  const agent = new Agent(options);
  // No command changes anything; a dry run is a POST.
  const flags = ['proxy', `--unix-socket=${socketPath}`, '--reject-methods=^(PUT|PATCH|DELETE)$'];
  const started = await startKubectl([...kubectl, ...flags], /Starting to serve/, () => {
    agent.destroy();
    rmSync(folder, { recursive: true, force: true });
  });
  if (!started.ok) return started;
  return ok({ api: makeProxiedApi(agent, LIMITS), isInPod: false, kubectl, close: started.value.stop });
}
