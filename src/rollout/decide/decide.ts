/**
 * The decision about all workloads: which of them to restart now, and why others wait. Pure: it compares the versions that
 * workloads record with the current ones, so it comes to the same result however often it is repeated and whenever the
 * controller was killed.
 */
import type { VersionMap } from '../../core/plan/version-map.ts';
import { type Budgets, type Restart, Spending } from './budgets.ts';
import { type DisruptionBudget, Disruptions } from './disruption.ts';
import { isOpen, type Window } from './windows.ts';
import { nameOf, type Workload } from './workload.ts';

export interface Rules extends Budgets {
  /** Milliseconds between the first change and the restart, so that secrets that change together cause one restart. */
  readonly delay: number;
  readonly windows: readonly Window[];
  readonly timeZone: string;
}

export interface Situation {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly workloads: readonly Workload[];
  /** Current versions by key, as far as they are known. */
  readonly current: VersionMap;
  /** When a workload with changes was first seen, by uid. */
  readonly changedSince: ReadonlyMap<string, number>;
  /** When a workload was first seen while its pods were being replaced, by uid. */
  readonly rollingSince: ReadonlyMap<string, number>;
  readonly recent: readonly Restart[];
  readonly disruptionBudgets: readonly DisruptionBudget[];
  readonly rules: Rules;
}

/** A secret with a new version. */
export interface Change {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

export const WAIT_REASONS = [
  'version-unknown',
  'paused-by-annotation',
  'workload-paused',
  'on-delete',
  'rolling',
  'delay',
  'window',
  'disruption-budget',
  'at-once',
  'at-once-per-namespace',
  'per-hour',
  'per-hour-per-namespace',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

export type Decision =
  /** Note versions for which no restart is needed: of a workload that is new here, or that was rolled back. */
  | {
      readonly kind: 'settle';
      readonly workload: Workload;
      readonly versions: VersionMap;
      readonly why: 'first-seen' | 'rolled-back';
    }
  /** Record the versions that new pods fetch. No pod can run without them. */
  | { readonly kind: 'record'; readonly workload: Workload; readonly versions: VersionMap }
  | {
      readonly kind: 'restart';
      readonly workload: Workload;
      readonly versions: VersionMap;
      readonly changes: readonly Change[];
    }
  | {
      readonly kind: 'wait';
      readonly workload: Workload;
      readonly reason: WaitReason;
      readonly changes: readonly Change[];
    };

/** Decides about all workloads, at most once about each. Those that have waited longest come first. */
export function decide(situation: Situation): readonly Decision[] {
  const { now, workloads, current, changedSince, recent, disruptionBudgets, rules } = situation;
  const spending = new Spending(rules, workloads, recent, now);
  const disruptions = new Disruptions(disruptionBudgets);
  const isWindowOpen = isOpen(rules.windows, rules.timeZone, now);
  const since = ({ uid }: Workload): number => changedSince.get(uid) ?? now;
  const ordered = workloads.toSorted((a, b) => since(a) - since(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
  return ordered.flatMap((workload): readonly Decision[] => {
    const first = withoutRestart(workload, current);
    if (first !== undefined) return [first];
    const changes = changesOf(workload, current);
    if (changes.length === 0) return [];
    const reason =
      reasonToWait(workload, situation) ??
      (now - since(workload) < rules.delay ? 'delay' : undefined) ??
      (isWindowOpen ? undefined : 'window') ??
      (disruptions.allows(workload) ? undefined : 'disruption-budget') ??
      spending.spend(workload.namespace);
    if (reason !== undefined) return [{ kind: 'wait', workload, reason, changes }];
    disruptions.use(workload);
    return [{ kind: 'restart', workload, versions: versionsAfter(workload, current), changes }];
  });
}

/** The secrets of a workload that have another version than it was started with, or settled for. */
export function changesOf(workload: Workload, current: VersionMap): readonly Change[] {
  if (workload.excluded !== undefined) return [];
  return workload.secrets.flatMap((key) => {
    const to = current.get(key);
    const [recorded, settled] = [workload.recorded.get(key), workload.settled.get(key)];
    const from = recorded ?? settled;
    return to === undefined || from === undefined || to === recorded || to === settled
      ? []
      : [{ key, from, to }];
  });
}

/** What must be written before a restart can be decided about. */
function withoutRestart(workload: Workload, current: VersionMap): Decision | undefined {
  const { recorded, settled, isPinned, isRecordForeign, all, secrets, excluded } = workload;
  if (isPinned) {
    const missing = all.filter((key) => !recorded.has(key));
    if (missing.length > 0) {
      if (!missing.every((key) => current.has(key)))
        return { kind: 'wait', workload, reason: 'version-unknown', changes: [] };
      return { kind: 'record', workload, versions: new Map([...recorded, ...pick(current, missing)]) };
    }
  }
  if (excluded !== undefined) return undefined;
  const unknown = secrets.filter((key) => !recorded.has(key) && !settled.has(key));
  const first = pick(current, unknown);
  if (first.size > 0) return settle(workload, first, 'first-seen');
  const held = isRecordForeign
    ? secrets.filter(
        (key) => recorded.has(key) && recorded.get(key) !== current.get(key) && !settled.has(key),
      )
    : [];
  const back = pick(current, held);
  return back.size > 0 ? settle(workload, back, 'rolled-back') : undefined;
}

function settle(workload: Workload, versions: VersionMap, why: 'first-seen' | 'rolled-back'): Decision {
  return { kind: 'settle', workload, versions: new Map([...workload.settled, ...versions]), why };
}

function reasonToWait(workload: Workload, { now, rollingSince, rules }: Situation): WaitReason | undefined {
  if (workload.isHeld) return 'paused-by-annotation';
  if (workload.isPaused) return 'workload-paused';
  if (workload.isOnDelete) return 'on-delete';
  // Pods that do not become ready may need exactly the new version.
  const isStuck = now - (rollingSince.get(workload.uid) ?? now) >= rules.stuckAfter;
  return workload.isRolling && !isStuck ? 'rolling' : undefined;
}

/** The versions to record: the current ones, or what was known before. */
function versionsAfter(
  { all, secrets, isPinned, recorded, settled }: Workload,
  current: VersionMap,
): VersionMap {
  const versions = new Map<string, string>();
  for (const key of isPinned ? all : secrets) {
    const version = current.get(key) ?? recorded.get(key) ?? settled.get(key);
    if (version !== undefined) versions.set(key, version);
  }
  return versions;
}

function pick(versions: VersionMap, keys: readonly string[]): VersionMap {
  const picked = new Map<string, string>();
  for (const key of keys) {
    const version = versions.get(key);
    if (version !== undefined) picked.set(key, version);
  }
  return picked;
}
