/** Warnings about a pod: what works, but may surprise its author. */
import { isInjected } from '../additions/injected-objects.ts';
import type { Options } from '../annotations/options.ts';
import { formatDuration } from '../duration.ts';
import { field, integerField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { hasVariables } from '../plan/plan.ts';
import { type Container, isMeshProxy, isNativeSidecar, type Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import { quote } from '../problems/quote.ts';
import type { WarningCode } from '../problems/warning-codes.ts';
import type { DeliveredView } from './delivery.ts';
import type { EarlierPass } from './earlier-pass.ts';
import type { RunAs } from './run-as.ts';
import { SKIP_CONTAINERS, skippedIdentity } from './skipped-identity.ts';

export interface PodFacts {
  readonly pod: Pod;
  readonly earlier: EarlierPass;
  readonly views: readonly DeliveredView[];
  readonly options: Options;
  readonly runAs: RunAs;
}

export function warnAboutPod(facts: PodFacts, findings: Findings): void {
  const { pod, earlier, options } = facts;
  const warn = (code: WarningCode, subject: string, text: string | undefined): void => {
    if (text !== undefined) findings.warn(code, subject, text);
  };
  const shared = `spec.${sharedBy(pod)}`;
  warn('PROCESSES_SHARED', shared, sharedProcesses(facts));
  warn('PROCESSES_SHARED', shared, sharedFetcher(facts));
  warn('VARIABLES_NOT_REFRESHED', annotationKey('refresh'), fixedVariables(facts));
  warn('DEADLINE_TOO_SHORT', 'spec.activeDeadlineSeconds', shortDeadline(facts));
  warn('MESH_WITHOUT_NETWORK', 'spec.initContainers', noNetwork(facts));
  if (options.roleArn === undefined)
    warn('IDENTITY_SKIPPED', SKIP_CONTAINERS, skippedIdentity(pod, earlier.fetcher?.container));
}

/** The field by which the containers of a pod see each other's processes. */
function sharedBy({ spec }: Pod): string | undefined {
  return ['shareProcessNamespace', 'hostPID'].find((name) => field(spec, name) === true);
}

/** In a shared process namespace, /proc/<pid>/root and /proc/<pid>/environ show the mounts and variables of other containers. */
function sharedProcesses({ pod, views }: PodFacts): string | undefined {
  const cause = sharedBy(pod);
  if (cause === undefined) return undefined;
  const receiving = new Set(views.flatMap((view) => view.containers));
  const running = [...pod.containers, ...pod.initContainers.filter(isNativeSidecar)];
  const [first, ...others] = running.filter((one) => !isInjected(one) && !receiving.has(one));
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${cause}: ${quote(first.name, 24)}${more} may read secrets in /proc; use another user without SYS_PTRACE`;
}

/**
 * With `refresh`, the fetcher runs beside the containers, so that those of its user see all its files: every view, and the
 * token of a role of its own.
 */
function sharedFetcher({ pod, views, options }: PodFacts): string | undefined {
  const cause = sharedBy(pod);
  if (cause === undefined || options.refresh === undefined) return undefined;
  const more = [
    ...(views.length > 1 ? ['all secrets'] : []),
    ...(options.roleArn === undefined ? [] : ['the token of role-arn']),
  ];
  if (more.length === 0) return undefined;
  return `${cause} with refresh: /proc shows ${more.join(' and ')} to the fetcher's user`;
}

/** A process keeps the variables that it was started with. */
function fixedVariables({ views, options }: PodFacts): string | undefined {
  if (options.refresh === undefined) return undefined;
  for (const { recipients, contents } of views) {
    const fixed = recipients.find(({ envMode }) => hasVariables(contents) && envMode !== 'file');
    if (fixed !== undefined)
      return `refresh updates files only: ${quote(fixed.container.name, 24)} keeps its variables until it restarts`;
  }
  return undefined;
}

/** kubelet ends the pod at its deadline, before the fetcher can report what it waited for. */
function shortDeadline({ pod, options: { timeoutSeconds } }: PodFacts): string | undefined {
  const seconds = integerField(pod.spec, 'activeDeadlineSeconds');
  if (seconds === undefined || seconds >= timeoutSeconds) return undefined;
  return `activeDeadlineSeconds ${seconds} is below ${annotationKey('fetch-timeout')} ${formatDuration(timeoutSeconds)}: raise it to see failures`;
}

/** A mesh whose proxy is a regular container, the containers that redirect traffic to it, and the proxy's own user. */
interface Mesh {
  readonly proxy: string;
  /** With the mesh's CNI plugin, traffic is redirected before any container starts, and a container validates that. */
  readonly validator: string;
  readonly init: string;
  /** Traffic of this user is not redirected. */
  readonly user: number;
}

// Sources: Istio, "Install the Istio CNI node agent", compatibility with application init containers; Linkerd, "CNI Plugin".
const MESHES: readonly Mesh[] = [
  { proxy: 'istio-proxy', validator: 'istio-validation', init: 'istio-init', user: 1337 },
  { proxy: 'linkerd-proxy', validator: 'linkerd-network-validator', init: 'linkerd-init', user: 2102 },
];

/** Whether traffic of the fetcher is redirected to a proxy that has not started yet. */
function noNetwork({ pod, earlier: { fetcherIndex }, runAs }: PodFacts): string | undefined {
  const hasEarlyProxy = pod.initContainers.some(
    (one) => one.index < fetcherIndex && isMeshProxy(one) && isNativeSidecar(one),
  );
  if (hasEarlyProxy) return undefined;
  const all: readonly Container[] = [...pod.containers, ...pod.initContainers];
  const mesh = MESHES.find(
    ({ proxy, validator, init }) =>
      all.some(({ name }) => name === proxy) &&
      pod.initContainers.some(
        ({ name, index }) => name === validator || (name === init && index < fetcherIndex),
      ),
  );
  if (mesh === undefined || runAs.user === mesh.user) return undefined;
  return `aws-secrets-fetch has no network before ${mesh.proxy} runs: use a native sidecar, or run-as-user ${mesh.user}`;
}
