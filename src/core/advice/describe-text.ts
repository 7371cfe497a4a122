/** Descriptions of pods as trees for a terminal. */
import { formatDuration } from '../duration.ts';
import type { ChangeAction } from '../plan/refresh.ts';
import type { DeliveredVersion } from '../plan/versions.ts';
import { printable, quote } from '../problems/quote.ts';
import type { ContainerDescription, PodDescription } from './describe.ts';
import { diagnosesBranches } from './describe-diagnoses.ts';
import type { ItemDescription } from './describe-items.ts';
import type { SecretDescription } from './describe-secrets.ts';
import { checkCall, type RegionEstimate, sumOfRefreshes } from './estimate.ts';
import { formatCount, formatDollars, formatPercent, formatRate } from './figures.ts';
import { type Branch, formatTree } from './tree.ts';

/** @returns a tree for each pod, and the sum of their calls if there are several; with a final line feed */
export function formatDescriptions(descriptions: readonly PodDescription[]): string {
  const trees = [...descriptions.map(podTree), ...versionTrees(descriptions), ...totals(descriptions)];
  return trees.map(formatTree).join('\n');
}

function podTree(pod: PodDescription): Branch {
  const name = printable(pod.object, 400);
  switch (pod.outcome) {
    case 'unchanged':
      return {
        text: `${name}: gets nothing, because ${pod.reasons.map((one) => printable(one, 400)).join(', ')}`,
        branches: diagnosesBranches(pod.diagnoses),
      };
    case 'unknown':
      return { text: `${name}: only its Events are known`, branches: diagnosesBranches(pod.diagnoses) };
    case 'denied':
      return {
        text: `${name}: denied`,
        branches: [...pod.reasons.map((text) => ({ text })), ...diagnosesBranches(pod.diagnoses)],
      };
    case 'injected':
      return {
        text: `${name}: ${podsText(pod)}`,
        branches: [
          ...diagnosesBranches(pod.diagnoses),
          ...containerBranches(pod),
          ...pod.secrets.map(secretBranch),
          refreshBranch(pod),
          ...pod.calls.map((calls) => callsBranch(calls, pod)),
          ...pod.notes.map((text) => ({ text })),
          ...pod.warnings.map((text) => ({ text: `warning: ${text}` })),
        ],
      };
  }
}

function podsText({ pods }: Pick<PodDescription, 'pods'>): string {
  if (pods === undefined) return 'an unknown number of pods; set --replicas';
  return pods === 1 ? '1 pod' : `${formatCount(pods)} pods`;
}

/** A branch for each container; containers that get the same share one. */
function containerBranches({ containers, secrets }: PodDescription): readonly Branch[] {
  const branches = Map.groupBy(containers, ({ name: _, ...rest }) => JSON.stringify(rest));
  return [...branches.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const names = same.map(({ name }) => printable(name)).join(', ');
    return [
      {
        text: `${same.length === 1 ? 'container' : 'containers'} ${names}${modeText(first)}`,
        branches: [
          ...first.variables.map((one) => ({ text: `variable ${itemText(one, secrets)}` })),
          ...first.files.map((one) => ({ text: `file ${itemText(one, secrets)}` })),
        ],
      },
    ];
  });
}

function modeText({ envMode, envFile = '', envFormat }: ContainerDescription): string {
  switch (envMode) {
    case undefined:
      return '';
    case 'native':
      return ': variables set by the kubelet (env-mode native)';
    case 'shell':
      return ': variables set by a shell before the command (env-mode shell)';
    case 'file':
      return `: variables in the file ${printable(envFile)} (env-mode file, format ${envFormat})`;
  }
}

function itemText(item: ItemDescription, secrets: readonly SecretDescription[]): string {
  const { name, mode, takes, secret, optional, default: fallback } = item;
  const label = secret === undefined ? undefined : secrets[secret]?.label;
  return [
    printable(name, 300),
    mode === undefined ? '' : ` (mode ${mode})`,
    `: ${takes}`,
    label === undefined ? '' : ` from ${printable(label, 700)}`,
    optional === true ? ', optional' : '',
    fallback === undefined ? '' : `, or ${quote(fallback)} if it is missing`,
  ].join('');
}

function secretBranch({ label, arn, failover = [], startedWith }: SecretDescription): Branch {
  return {
    text: `secret ${printable(label, 700)}`,
    branches: [
      { text: printable(arn, 700) },
      ...(failover.length === 0 ? [] : [{ text: `failover to ${failover.join(', ')}` }]),
      ...(startedWith === undefined ? [] : [{ text: versionText(startedWith) }]),
    ],
  };
}

function versionText(version: DeliveredVersion): string {
  return version === 'absent'
    ? 'did not exist when the pod started'
    : `version ${version.id} when the pod started`;
}

function refreshBranch({ refresh }: PodDescription): Branch {
  if (refresh === undefined) return { text: 'refresh: off; the pod keeps the values that it started with' };
  return {
    text: `refresh: files are replaced when a secret has a new version; ${checkCall(refresh.check)} every ${formatDuration(refresh.seconds)}`,
    branches: [
      ...(refresh.onChange ?? []).map((action) => ({ text: `after a change: ${actionText(action)}` })),
      ...(refresh.required === true
        ? [{ text: 'the pod is not ready while its files may be out of date' }]
        : []),
    ],
  };
}

function actionText(action: ChangeAction): string {
  if ('signal' in action) return `signal ${action.signal} to container ${printable(action.container)}`;
  if ('url' in action) return `request to ${printable(action.url, 512)}`;
  return `write the file ${printable(action.touch)} beside the files`;
}

function callsBranch(estimate: RegionEstimate, pod: PodDescription): Branch {
  const { region, callsAtStart, callsAfterChange, refresh } = estimate;
  const pods = pod.pods === undefined ? 'each pod' : podsText(pod);
  return {
    text: `calls of ${pods} to Secrets Manager in ${region}`,
    branches: [
      {
        text: `${formatCount(callsAtStart)} GetSecretValue when ${pod.pods === 1 ? 'it starts' : 'all start'}`,
      },
      ...(refresh === undefined ? [] : [{ text: refreshText(refresh) }]),
      ...(callsAfterChange === 0
        ? []
        : [
            {
              text: `${formatCount(callsAfterChange)} GetSecretValue after a new version of one of the secrets`,
            },
          ]),
    ],
  };
}

function refreshText({
  call,
  callsPerSecond,
  callsPerMonth,
  dollarsPerMonth,
  shareOfQuota,
}: NonNullable<RegionEstimate['refresh']>): string {
  return `${formatRate(callsPerSecond)} ${call} per second, ${formatPercent(shareOfQuota)} of the account's quota; ${formatCount(callsPerMonth)} per month, ${formatDollars(dollarsPerMonth)}`;
}

/** The sum over several pods, because they share the quotas of their account. */
function totals(descriptions: readonly PodDescription[]): readonly Branch[] {
  const refreshing = descriptions.filter(({ refresh }) => refresh !== undefined);
  if (refreshing.length < 2) return [];
  return [
    {
      text: 'All of them, if they sign in with roles of one account',
      branches: sumOfRefreshes(refreshing.flatMap(({ calls }) => calls)).map(({ region, refresh }) => ({
        text: `in ${region}: ${refreshText(refresh)}`,
      })),
    },
  ];
}

/** For each secret whose version is not the same in all running pods: which pods started with which. */
function versionTrees(descriptions: readonly PodDescription[]): readonly Branch[] {
  const started = descriptions.flatMap(({ object, secrets }) =>
    secrets.flatMap(({ arn, stage = 'AWSCURRENT', startedWith }) =>
      startedWith === undefined
        ? []
        : [{ object, secret: `${arn} (${stage})`, version: versionText(startedWith) }],
    ),
  );
  return [...Map.groupBy(started, ({ secret }) => secret)].flatMap(([secret, pods]) => {
    const versions = [...Map.groupBy(pods, ({ version }) => version)];
    if (versions.length < 2) return [];
    return [
      {
        text: `${printable(secret, 700)}: ${versions.length} versions in use`,
        branches: versions.map(([version, those]) => ({
          text: `${version}: ${those.length === 1 ? printable(those[0]?.object ?? '', 400) : `${formatCount(those.length)} pods`}`,
        })),
      },
    ];
  });
}
