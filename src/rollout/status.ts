/** The `rollout status` command: which versions workloads record, and which their pods report. */
import { asArray, field } from '../core/json.ts';
import { failed, ok, type Result } from '../core/problems/result.ts';
import { type ClusterApi, makeClusterApi, placeOf } from '../kubernetes/api-client.ts';
import { pagesOf } from '../kubernetes/lists.ts';
import { type CommandHelp, formatHelp } from '../runtime/settings/help.ts';
import { DNS_NAME } from '../runtime/settings/kinds.ts';
import { type Environment, optional, readSettings } from '../runtime/settings/settings.ts';
import { hasDrift, type PodVersions, podVersions } from './cluster/drift.ts';
import { listPath } from './cluster/paths.ts';
import { readWorkload } from './decide/read-workload.ts';
import { KINDS, nameOf, type Workload } from './decide/workload.ts';
import { secretName } from './notes.ts';

const SETTINGS = {
  namespace: optional(DNS_NAME, 'Only workloads of this namespace.'),
};

const HELP: CommandHelp = {
  usage: 'rollout status [flags]',
  about: `Lists the workloads that request secrets, the versions that the rollout controller recorded, and
those that their pods report. Runs in a pod of the controller.`,
  examples: [
    `kubectl -n aws-secrets-injector exec deploy/aws-secrets-injector-rollout -- \\
    /app/aws-secrets-injector rollout status`,
  ],
  settings: SETTINGS,
  variables: false,
};

const LIMITS = { connectMilliseconds: 5_000, requestMilliseconds: 60_000 };
const MIB = 1024 * 1024;
const PAGES = { accept: 'application/json', limit: 100, mostPages: 2000, mostBytes: 160 * MIB };
const NO_PODS: PodVersions = new Map();

/** Prints the status. @returns the exit code: 1 if the API server does not answer */
export async function runStatus(argv: readonly string[], env: Environment): Promise<number> {
  const settings = readSettings(SETTINGS, argv, {});
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(HELP));
    return 0;
  }
  if (settings.kind === 'problems') {
    process.stderr.write(settings.problems.map((problem) => `rollout status: ${problem}\n`).join(''));
    return 2;
  }
  const api = makeClusterApi(placeOf(env), LIMITS);
  const found = await findStatus(api, settings.values.namespace, new AbortController().signal);
  if (!found.ok) {
    process.stderr.write(`rollout status: ${found.problem}\n`);
    return 1;
  }
  process.stdout.write(formatStatus(found.value));
  return 0;
}

export interface WorkloadStatus {
  readonly workload: Workload;
  readonly pods: PodVersions;
}

/** Finds all workloads that request secrets, sorted by namespace, kind and name. */
export async function findStatus(
  api: ClusterApi,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Result<readonly WorkloadStatus[], string>> {
  const pods = await podVersions(api, signal);
  if (!pods.ok) return pods;
  const found: WorkloadStatus[] = [];
  for (const kind of KINDS)
    for await (const page of pagesOf(api, { path: listPath(kind), ...PAGES }, signal)) {
      // Argo Rollouts is not installed.
      if (page.kind === 'refused' && page.status === 404) break;
      if (page.kind !== 'answer')
        return failed(page.kind === 'refused' ? `the list of ${kind}s has status ${page.status}` : page.what);
      for (const object of asArray(field(page.json, 'items') ?? []) ?? []) {
        const workload = readWorkload(kind, object, Date.now());
        if (workload === undefined || (namespace !== undefined && workload.namespace !== namespace)) continue;
        found.push({ workload, pods: pods.value.get(nameOf(workload)) ?? NO_PODS });
      }
    }
  const key = ({ workload }: WorkloadStatus): string => `${workload.namespace} ${nameOf(workload)}`;
  return ok(found.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)));
}

/** A table: one line for each secret of each workload. */
export function formatStatus(all: readonly WorkloadStatus[]): string {
  if (all.length === 0) return 'no workload requests secrets\n';
  const rows = all.flatMap((one) => rowsOf(one));
  const drifting = all.filter(({ pods }) => hasDrift(pods)).length;
  const lines = table([['WORKLOAD', 'SECRET', 'RECORDED', 'PODS', 'STATE'], ...rows]);
  const workloads = all.length === 1 ? '1 workload' : `${all.length} workloads`;
  return `${lines.join('\n')}\n\n${workloads}, ${drifting} with pods of different versions\n`;
}

function rowsOf({ workload, pods }: WorkloadStatus): readonly (readonly string[])[] {
  return workload.all.map((key) => {
    const recorded = workload.recorded.get(key);
    const settled = workload.settled.get(key);
    const counts = pods.get(key) ?? new Map<string, number>();
    const reported = [...counts].map(([version, count]) => `${short(version)} × ${count}`).join(', ');
    return [
      nameOf(workload),
      secretName(key),
      recorded === undefined ? (settled === undefined ? '-' : `(${short(settled)})`) : short(recorded),
      reported === '' ? '-' : reported,
      stateOf(workload, counts, recorded),
    ];
  });
}

function stateOf(
  { excluded, isHeld, isPinned, isPaused, isRolling, isRecordForeign }: Workload,
  counts: ReadonlyMap<string, number>,
  recorded: string | undefined,
): string {
  const isBehind =
    isPinned && recorded !== undefined && [...counts.keys()].some((version) => version !== recorded);
  const states = [
    ...(counts.size > 1 || isBehind ? ['drift'] : []),
    ...(isPinned ? ['pinned'] : []),
    ...(isRolling ? ['rolling'] : []),
    ...(isRecordForeign ? ['rolled-back'] : []),
    ...(isHeld ? ['paused-by-annotation'] : []),
    ...(isPaused ? ['workload-paused'] : []),
    ...(excluded === undefined ? [] : [excluded]),
  ];
  return states.length === 0 ? 'ok' : states.join(', ');
}

/** The first part of a version ID is enough to compare it. */
function short(version: string): string {
  return version.slice(0, 8);
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
