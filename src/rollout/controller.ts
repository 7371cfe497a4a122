/**
 * The controller: asks for the current versions, decides, and carries decisions out. It keeps nothing that it could not find
 * again: what it has done is recorded on the workloads.
 */
import { secretOfKey, type VersionMap } from '../core/plan/version-map.ts';
import { KnownVersions } from './changes/known-versions.ts';
import { MessageInbox, type MessageResult } from './changes/message-inbox.ts';
import type { Restart } from './decide/budgets.ts';
import { changesOf, type Decision, decide, type Rules, type WaitReason } from './decide/decide.ts';
import type { Workload } from './decide/workload.ts';
import { DryRun } from './dry-run.ts';
import type { Cluster, Effects, Message, WriteResult } from './effects.ts';
import { noteOf } from './notes.ts';
import { recordPatch, restartPatch, settlePatch } from './writes.ts';

/** What the controller reports, for log and metrics. */
export interface Reports {
  described(result: 'found' | 'failed', code: string, arn: string): void;
  message(result: MessageResult, count: number): void;
  decided(decision: Decision, isNew: boolean): void;
  written(decision: Exclude<Decision, { kind: 'wait' }>, result: WriteResult | 'dry-run'): void;
  pending(reasons: ReadonlyMap<WaitReason, number>, oldest: number): void;
  podsUnknown(workload: Workload): void;
}

export interface ControllerParts {
  readonly cluster: Cluster;
  readonly effects: Effects;
  readonly reports: Reports;
  readonly rules: Rules;
  readonly isDryRun: boolean;
  /** Milliseconds between two requests for a secret, before jitter. */
  readonly describeInterval: number;
  /** Whether this process may write. Asked before each write. */
  isLeader(): boolean;
  now(): number;
  random(): number;
}

const HOUR = 3_600_000;
const AT_ONCE = 5;
/** After a write that was not allowed, or whose outcome is unknown. */
const BACK_OFF_MILLISECONDS = 30_000;

export class Controller {
  readonly #parts: ControllerParts;
  readonly #versions: KnownVersions;
  readonly #inbox: MessageInbox;
  readonly #dryRun: DryRun | undefined;
  readonly #changedSince = new Map<string, number>();
  readonly #rollingSince = new Map<string, number>();
  readonly #backOff = new Map<string, number>();
  /** What was last told about a workload, by uid. */
  readonly #told = new Map<string, string>();
  #recent: readonly Restart[] = [];

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#versions = new KnownVersions(parts.describeInterval, parts.random);
    this.#inbox = new MessageInbox(this.#versions);
    this.#dryRun = parts.isDryRun ? new DryRun() : undefined;
  }

  /** Takes messages of the queue. Call it only while the workloads are known. */
  async take(messages: readonly Message[]): Promise<void> {
    const { reports, effects, now } = this.#parts;
    const refused: string[] = [];
    for (const message of messages) {
      const result = this.#inbox.take(message, this.#workloads(), now());
      reports.message(result, 1);
      if (result !== 'change' && result !== 'known') refused.push(message.receipt);
    }
    if (refused.length > 0) await effects.remove(refused);
  }

  /** Whether there is room for further messages. */
  get hasRoom(): boolean {
    return this.#inbox.hasRoom;
  }

  /** When the next pass is due without a change, in milliseconds since 1970. */
  get nextDue(): number {
    return this.#versions.nextDue;
  }

  /** Asks for versions, decides, and carries the decisions out. */
  async pass(): Promise<void> {
    const { cluster, rules, now } = this.#parts;
    await this.#describe();
    const workloads = this.#workloads();
    const current = this.#currentFor(workloads);
    this.#remember(workloads, current);
    const at = now();
    const usable = workloads.filter(({ uid }) => (this.#backOff.get(uid) ?? 0) <= at);
    const decisions = decide({
      now: at,
      workloads: usable,
      current,
      changedSince: this.#changedSince,
      rollingSince: this.#rollingSince,
      recent: this.#recent,
      disruptionBudgets: cluster.disruptionBudgets(),
      rules,
    });
    this.#report(decisions, at);
    for (const decision of decisions) {
      if (!this.#parts.isLeader()) return;
      await this.#carryOut(decision, current);
    }
    await this.#finishMessages();
  }

  #workloads(): readonly Workload[] {
    const workloads = this.#parts.cluster.workloads();
    return this.#dryRun === undefined ? workloads : workloads.map((one) => this.#dryRun?.apply(one) ?? one);
  }

  async #describe(): Promise<void> {
    const { effects, reports, now, isLeader } = this.#parts;
    const wanted = new Map<string, Set<string>>();
    for (const { all, namespace } of this.#workloads())
      for (const key of all) {
        const { arn } = secretOfKey(key);
        const namespaces = wanted.get(arn);
        if (namespaces === undefined) wanted.set(arn, new Set([namespace]));
        else namespaces.add(namespace);
      }
    const due = [...this.#versions.due(wanted, now())];
    const next = async (): Promise<void> => {
      for (let arn = due.shift(); arn !== undefined && isLeader(); arn = due.shift()) {
        const answer = await effects.describe(arn);
        if (answer.kind === 'found') this.#versions.found(arn, answer.stages, now());
        else this.#versions.failed(arn, answer.isGone, now());
        reports.described(answer.kind, answer.kind === 'failed' ? answer.code : '', arn);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  #currentFor(workloads: readonly Workload[]): VersionMap {
    return this.#versions.current(new Set(workloads.flatMap(({ all }) => all)));
  }

  /** Notes since when workloads have changes, and are rolling. Forgets all others. */
  #remember(workloads: readonly Workload[], current: VersionMap): void {
    const at = this.#parts.now();
    const changed = workloads.filter((one) => changesOf(one, current).length > 0);
    keep(this.#changedSince, changed, at);
    keep(
      this.#rollingSince,
      workloads.filter(({ isRolling }) => isRolling),
      at,
    );
    const uids = new Set(workloads.map(({ uid }) => uid));
    for (const uid of this.#told.keys()) if (!uids.has(uid)) this.#told.delete(uid);
    for (const [uid, until] of this.#backOff) if (until <= at) this.#backOff.delete(uid);
    this.#recent = this.#recent.filter((one) => one.at > at - HOUR);
  }

  #report(decisions: readonly Decision[], at: number): void {
    const reasons = new Map<WaitReason, number>();
    for (const one of decisions)
      if (one.kind === 'wait') reasons.set(one.reason, (reasons.get(one.reason) ?? 0) + 1);
    let oldest = at;
    for (const since of this.#changedSince.values()) oldest = Math.min(oldest, since);
    this.#parts.reports.pending(reasons, at - oldest);
  }

  async #carryOut(decision: Decision, current: VersionMap): Promise<void> {
    const { effects, reports } = this.#parts;
    const { workload } = decision;
    const note = noteOf(decision, this.#parts.isDryRun);
    const text = note === undefined ? '' : `${note.reason} ${note.text}`;
    const isNew = this.#told.get(workload.uid) !== text;
    reports.decided(decision, isNew);
    // Before the write: after a crash between the two, the decision is made and told again, as the same Event.
    if (note !== undefined && isNew) await effects.tell(workload, note);
    this.#told.set(workload.uid, text);
    if (decision.kind === 'wait') return;
    await this.#write(decision, current);
  }

  async #write(decision: Exclude<Decision, { kind: 'wait' }>, current: VersionMap): Promise<void> {
    const { effects, reports, now, isLeader } = this.#parts;
    const { workload } = decision;
    const at = Math.floor(now() / 1000) * 1000;
    const versions = decision.kind === 'settle' ? await this.#baseline(decision, current) : decision.versions;
    if (this.#dryRun !== undefined) {
      this.#dryRun.note(decision, versions);
      reports.written(decision, 'dry-run');
      return;
    }
    // Time has passed since the decision.
    if (!isLeader()) return;
    const result = await effects.write(workload, patchOf(decision, versions, at));
    reports.written(decision, result);
    if (result === 'written' && decision.kind === 'restart')
      this.#recent = [...this.#recent, { uid: workload.uid, namespace: workload.namespace, at }];
    if (result === 'denied' || result === 'rejected' || result === 'unknown')
      this.#backOff.set(workload.uid, now() + BACK_OFF_MILLISECONDS);
  }

  /**
   * The versions to settle for. Pods that report another version than the current one were started before it, so that
   * version counts, and the next decision restarts them.
   */
  async #baseline(decision: Extract<Decision, { kind: 'settle' }>, current: VersionMap): Promise<VersionMap> {
    const { workload, versions, why } = decision;
    if (why === 'rolled-back') return versions;
    const pods = await this.#parts.effects.deliveredTo(workload);
    if (pods === undefined) this.#parts.reports.podsUnknown(workload);
    const baseline = new Map(versions);
    for (const delivered of pods ?? [])
      for (const [key, version] of delivered)
        if (versions.has(key) && !workload.settled.has(key) && version !== current.get(key))
          baseline.set(key, version);
    return baseline;
  }

  /** Deletes messages about secrets whose versions are known, once every workload has something to compare them with. */
  async #finishMessages(): Promise<void> {
    const finished = this.#inbox.finished(this.#workloads());
    if (finished.length > 0) await this.#parts.effects.remove(finished);
    this.#inbox.forget(finished);
  }
}

function keep(times: Map<string, number>, workloads: readonly Workload[], at: number): void {
  const uids = new Set(workloads.map(({ uid }) => uid));
  for (const uid of times.keys()) if (!uids.has(uid)) times.delete(uid);
  for (const uid of uids) if (!times.has(uid)) times.set(uid, at);
}

function patchOf(decision: Exclude<Decision, { kind: 'wait' }>, versions: VersionMap, at: number): string {
  switch (decision.kind) {
    case 'settle':
      return settlePatch(decision.workload, versions);
    case 'record':
      return recordPatch(decision.workload, versions);
    case 'restart':
      return restartPatch(decision.workload, versions, at);
  }
}
