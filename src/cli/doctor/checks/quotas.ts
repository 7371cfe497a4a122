/** Quotas of namespaces that have opted in, and of Secrets Manager for the calls of refresh. */
import { describeDecision } from '../../../core/advice/describe.ts';
import { sumOfRefreshes } from '../../../core/advice/estimate.ts';
import { formatPercent, formatRate } from '../../../core/advice/figures.ts';
import { decide } from '../../../core/decide/decide.ts';
import { asObject, field, textField } from '../../../core/json.ts';
import { parseQuantity } from '../../../core/pod/quantity.ts';
import { printable } from '../../../core/problems/quote.ts';
import type { RequestingWorkload } from '../../cluster/requesting-workloads.ts';
import { podCount } from '../../manifests/pod-count.ts';
import { type Check, type Context, count, type Finding, finding, okay, some } from '../check.ts';
import { readAll } from '../facts.ts';

/** The share of a quota from which pods may soon be rejected. */
const HIGH = 0.9;

export const quotas: Check = {
  name: 'quotas',
  about:
    'ResourceQuotas of opted-in namespaces, and the share of the quotas of Secrets Manager that refresh uses.',
  async run(context, signal) {
    return [await resourceQuotas(context, signal), ...(await callQuotas(context))];
  },
};

async function resourceQuotas({ api, facts }: Context, signal: AbortSignal): Promise<Finding> {
  const namespaces = await facts.namespaces();
  if (!namespaces.ok) return namespaces.problem;
  const optedIn = new Set(namespaces.value.flatMap(({ name, isOptedIn }) => (isOptedIn ? [name] : [])));
  const read = await readAll(
    api,
    { path: '/api/v1/resourcequotas', right: 'list resourcequotas -A' },
    signal,
  );
  if (!read.ok) return read.problem;
  const inUse = read.value.filter((one) => optedIn.has(namespaceOf(one)));
  const high = inUse.flatMap(highIn);
  if (high.length > 0)
    return finding(
      'warn',
      `ResourceQuotas are almost used up, and the API server rejects pods beyond them: ${some(high)}`,
      'Raise them: kubectl get resourcequotas -A',
    );
  return okay(
    inUse.length === 0
      ? 'no ResourceQuota in namespaces that have opted in'
      : `${count(inUse.length, 'ResourceQuota')} with room in namespaces that have opted in`,
  );
}

function namespaceOf(quota: unknown): string {
  return textField(field(quota, 'metadata'), 'namespace') ?? '';
}

/** `shop/rules: limits.memory 120Mi of 128Mi`. */
function highIn(quota: unknown): readonly string[] {
  const status = field(quota, 'status');
  const used = asObject(field(status, 'used')) ?? {};
  const name = `${namespaceOf(quota)}/${textField(field(quota, 'metadata'), 'name') ?? ''}`;
  return Object.entries(asObject(field(status, 'hard')) ?? {}).flatMap(([resource, hard]) => {
    const [most, now] = [parseQuantity(String(hard)), parseQuantity(String(used[resource] ?? '0'))];
    if (most === undefined || now === undefined || !OF_PODS.test(resource)) return [];
    return most > 0 && now / most >= HIGH
      ? [printable(`${name}: ${resource} ${String(used[resource])} of ${String(hard)}`, 300)]
      : [];
  });
}

/** Resources that a pod uses. */
const OF_PODS = /^(?:pods|count\/pods|cpu|memory|(?:requests|limits)\.(?:cpu|memory|ephemeral-storage))$/;

async function callQuotas({ facts }: Context): Promise<readonly Finding[]> {
  const workloads = await facts.workloads();
  if (!workloads.ok) return [];
  return sumOfRefreshes(workloads.value.flatMap(callsOf)).map(({ region, refresh }) => {
    const { call, callsPerSecond, shareOfQuota } = refresh;
    const text = `refresh in ${region}: ${formatRate(callsPerSecond)} ${call} per second, ${formatPercent(shareOfQuota)} of the quota of an account`;
    return shareOfQuota >= HIGH
      ? finding('warn', text, 'Raise the interval of refresh (docs/guides/sizing.md).')
      : okay(text);
  });
}

/** Decided as without a cluster: the mode of variables does not change the calls. */
function callsOf({ kind, name, namespace, content, template }: RequestingWorkload): CallsOf {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: field(template, 'metadata'),
    spec: field(template, 'spec'),
  };
  const settings = {
    image: 'aws-secrets-injector',
    ignoresPins: true,
    native: { can: true, probe: false },
    sidecars: { can: true },
  } as const;
  const pods = podCount({ path: [], content, kind, namespace, name }) ?? nodesOf(content);
  return describeDecision({ object: name, pods }, decide(pod, namespace, settings)).calls;
}

type CallsOf = ReturnType<typeof describeDecision>['calls'];

/** The number of pods of a DaemonSet. */
function nodesOf(content: unknown): number {
  const wanted = field(field(content, 'status'), 'desiredNumberScheduled');
  return typeof wanted === 'number' ? wanted : 1;
}
