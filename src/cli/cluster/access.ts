/**
 * Access to the API server: in a pod with its service account, elsewhere through `kubectl proxy`. kubectl knows every way to
 * sign in, and does so once for all requests. Its proxy listens on a Unix socket in a private folder, because a port would
 * give the rights of the user to every program of the machine.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type AgentOptions } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { printable } from '../../core/problems/quote.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import {
  type ApiLimits,
  type ClusterApi,
  makeClusterApi,
  makeProxiedApi,
  placeOf,
} from '../../kubernetes/api-client.ts';
import { type Kind, PATH } from '../../runtime/settings/kinds.ts';
import { type Environment, optional, setting } from '../../runtime/settings/settings.ts';

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
/** Of kubectl, until its proxy listens. */
const START_MILLISECONDS = 10_000;
/** Of the error output of kubectl, in characters. */
const MOST_ERROR = 4000;

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

type Proxy = ChildProcessByStdio<null, Readable, Readable>;

async function openProxy(kubectl: readonly string[]): Promise<Result<ClusterAccess, string>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-'));
  const socketPath = path.join(folder, 'api');
  const [program = '', ...args] = kubectl;
  // No command changes anything; a dry run is a POST.
  const flags = ['proxy', `--unix-socket=${socketPath}`, '--reject-methods=^(PUT|PATCH|DELETE)$'];
  const child = spawn(program, [...args, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  // The types of Node.js lack this option of connections.
  const options: AgentOptions & { socketPath: string } = { keepAlive: true, maxSockets: 8, socketPath };
  const agent = new Agent(options);
  const close = (): void => {
    process.off('exit', close);
    for (const signal of SIGNALS) process.off(signal, end);
    agent.destroy();
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const end = (signal: NodeJS.Signals): void => {
    close();
    process.kill(process.pid, signal);
  };
  process.on('exit', close);
  for (const signal of SIGNALS) process.on(signal, end);
  const errors = lastLineOf(child.stderr);
  const problem = await startOf(child);
  if (problem !== undefined) {
    close();
    return failed(problem.replace('kubectl', program) + after(errors()));
  }
  return ok({ api: makeProxiedApi(agent, LIMITS), isInPod: false, kubectl, close });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Waits until the proxy listens. @returns why it does not */
function startOf(child: Proxy): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('kubectl proxy does not start'), START_MILLISECONDS);
    const settle = (problem?: string): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    child.on('error', (error: NodeJS.ErrnoException) =>
      settle(
        error.code === 'ENOENT'
          ? 'kubectl was not found: install it, or set --kubectl'
          : `kubectl cannot be run (${error.code ?? 'unknown error'})`,
      ),
    );
    // After its output, which says why.
    child.on('close', (code) => settle(`kubectl proxy ended with exit code ${code}`));
    // With an incomplete kubeconfig, kubectl asks for a user name instead.
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('Starting to serve')) settle();
    });
  });
}

/** Follows the error output. @returns a function that returns its last line, shortened; empty if there is none */
function lastLineOf(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-MOST_ERROR);
  });
  return () => printable(text.trim().split('\n').at(-1) ?? '', 500);
}

function after(text: string): string {
  return text === '' ? '' : `: ${text}`;
}
