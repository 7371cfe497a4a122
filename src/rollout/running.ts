/** The loops of the controller: the Lease, decisions, the queue, and the versions of pods. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterPlace, makeClusterApi } from '../kubernetes/api-client.ts';
import { Lease } from '../kubernetes/lease.ts';
import type { Logger } from '../runtime/log/logger.ts';
import type { Queue } from './aws/queue.ts';
import { hasDrift, podVersions } from './cluster/drift.ts';
import { LiveCluster } from './cluster/live-cluster.ts';
import { Controller } from './controller.ts';
import type { Rules } from './decide/decide.ts';
import { FIELD_MANAGER } from './decide/read-workload.ts';
import type { Kind } from './decide/workload.ts';
import type { Described, Message } from './effects.ts';
import type { RolloutMetrics } from './metrics.ts';
import { makeReports } from './reports.ts';

export interface RunningOptions {
  readonly place: ClusterPlace;
  /** The name of this replica. */
  readonly identity: string;
  readonly lease: { readonly namespace: string; readonly name: string; readonly seconds: number };
  describe(arn: string): Promise<Described>;
  readonly queue: Queue | undefined;
  /** What is wrong with a failure of the queue, for the log. */
  explain(failure: unknown): string;
  readonly rules: Rules;
  readonly isDryRun: boolean;
  readonly describeInterval: number;
  readonly driftInterval: number;
}

const API_LIMITS = { connectMilliseconds: 5_000, requestMilliseconds: 15_000 };
/** A list of many large objects takes longer. */
const LIST_LIMITS = { connectMilliseconds: 5_000, requestMilliseconds: 60_000 };
/** Changes that come together are one reason to decide. */
const GATHER_MILLISECONDS = 200;
/** Time alone changes decisions: windows, budgets, delays. */
const LONGEST_PAUSE_MILLISECONDS = 5_000;
const RETRY_MILLISECONDS = [2_000, 60_000] as const;

/** The controller while it runs. */
export class Running {
  readonly #options: RunningOptions;
  readonly #log: Logger;
  readonly #metrics: RolloutMetrics;
  readonly #stopping = new AbortController();
  readonly #cluster: LiveCluster;
  readonly #lease: Lease;
  readonly #controller: Controller;
  #incoming: readonly Message[] = [];
  #wake: () => void = () => {};
  /** Whether something has changed since the last decision began. */
  #hasNews = false;

  constructor(options: RunningOptions, log: Logger, metrics: RolloutMetrics) {
    this.#options = options;
    this.#log = log;
    this.#metrics = metrics;
    const { place, identity, rules, isDryRun, describeInterval } = options;
    const { signal } = this.#stopping;
    this.#cluster = new LiveCluster({
      place,
      identity,
      api: makeClusterApi(place, LIST_LIMITS),
      changed: () => this.#notice(),
      failed: (what, problem) => {
        if (what !== 'events') metrics.countFailure('watch');
        log.warn('a request to the API server failed', { name: what, problem });
      },
      signal,
    });
    this.#lease = new Lease({
      api: makeClusterApi(place, API_LIMITS),
      ...options.lease,
      identity,
      fieldManager: FIELD_MANAGER,
      now: () => performance.now(),
    });
    this.#controller = new Controller({
      cluster: this.#cluster,
      effects: {
        describe: (arn) => options.describe(arn),
        write: (workload, patch) => this.#cluster.write(workload, patch),
        deliveredTo: (workload) => this.#cluster.deliveredTo(workload),
        tell: async (workload, note) =>
          metrics.countEvent((await this.#cluster.tell(workload, note)) ? 'written' : 'failed'),
        remove: (receipts) => this.#remove(receipts),
      },
      reports: makeReports(log, metrics, isDryRun),
      rules,
      isDryRun,
      describeInterval,
      isLeader: () => this.#lease.isHeld && !signal.aborted,
      now: Date.now,
      random: Math.random,
    });
  }

  /** Whether the replica can take over. */
  get isReady(): boolean {
    return this.#cluster.isSynced;
  }

  stop(): void {
    this.#stopping.abort();
    this.#notice();
  }

  /** Runs until it is stopped, then gives up the Lease. Never rejects. */
  async run(): Promise<void> {
    await Promise.all([
      this.#cluster.run(),
      this.#keepLease(),
      this.#decide(),
      this.#receive(),
      this.#watchDrift(),
    ]);
    await this.#lease.release(AbortSignal.timeout(API_LIMITS.requestMilliseconds));
    this.#options.queue?.close();
  }

  get #mayAct(): boolean {
    return this.#lease.isHeld && this.#cluster.isSynced && !this.#stopping.signal.aborted;
  }

  async #keepLease(): Promise<void> {
    const { signal } = this.#stopping;
    let isFailing = false;
    while (!signal.aborted) {
      const result = await this.#lease.renew(signal);
      if (signal.aborted) return;
      if (result === 'taken') {
        this.#log.info('this replica is the leader');
        this.#notice();
      }
      const problem = typeof result === 'string' ? undefined : result.failed;
      if (problem !== undefined && !isFailing) {
        this.#metrics.countFailure('lease');
        this.#log.warn('the Lease cannot be renewed', { name: this.#options.lease.name, problem });
      }
      isFailing = problem !== undefined;
      this.#metrics.setLeader(this.#lease.isHeld);
      await this.#pause((this.#options.lease.seconds * 1000) / 4);
    }
  }

  async #decide(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#hasNews = false;
      if (this.#mayAct) {
        const messages = this.#incoming;
        this.#incoming = [];
        await this.#controller.take(messages);
        await this.#controller.pass();
      }
      const counts = new Map<Kind, number>();
      for (const { kind } of this.#cluster.workloads()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      this.#metrics.setWorkloads(counts);
      await this.#sleep(Math.min(LONGEST_PAUSE_MILLISECONDS, this.#controller.nextDue - Date.now()));
    }
  }

  #notice(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** Waits until something changes, and a little longer. */
  async #sleep(milliseconds: number): Promise<void> {
    const { signal } = this.#stopping;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    if (!signal.aborted && !this.#hasNews)
      await delay(Math.max(0, milliseconds), undefined, { signal: woken.signal }).catch(() => undefined);
    if (!signal.aborted) await this.#pause(GATHER_MILLISECONDS);
  }

  async #receive(): Promise<void> {
    const { queue, explain } = this.#options;
    const { signal } = this.#stopping;
    if (queue === undefined) return;
    let [pause, isFailing] = [RETRY_MILLISECONDS[0] as number, false];
    while (!signal.aborted) {
      // Only the leader: another replica would receive messages and do nothing.
      const hasRoom = this.#controller.hasRoom && this.#incoming.length === 0;
      if (!this.#mayAct || !hasRoom) {
        await this.#pause(GATHER_MILLISECONDS);
        continue;
      }
      try {
        const messages = await queue.receive(signal);
        this.#incoming = [...this.#incoming, ...messages];
        if (messages.length > 0) this.#notice();
        [pause, isFailing] = [RETRY_MILLISECONDS[0], false];
      } catch (error) {
        if (signal.aborted) return;
        if (!isFailing) this.#failedQueue(explain(error));
        isFailing = true;
        await this.#pause(pause * (0.5 + Math.random() / 2));
        pause = Math.min(pause * 2, RETRY_MILLISECONDS[1]);
      }
    }
  }

  /** A message that cannot be deleted is received again, and changes nothing then. */
  async #remove(receipts: readonly string[]): Promise<void> {
    const { queue, explain } = this.#options;
    try {
      const left = (await queue?.remove(receipts, this.#stopping.signal)) ?? 0;
      if (left > 0) this.#failedQueue(`${left} messages could not be deleted`);
    } catch (error) {
      this.#failedQueue(explain(error));
    }
  }

  #failedQueue(problem: string): void {
    this.#metrics.countFailure('queue');
    this.#log.warn('a request to the queue failed', { problem });
  }

  async #watchDrift(): Promise<void> {
    const { signal } = this.#stopping;
    const api = makeClusterApi(this.#options.place, LIST_LIMITS);
    while (!signal.aborted) {
      if (this.#mayAct) {
        const found = await podVersions(api, signal);
        if (found.ok) this.#metrics.setDrift([...found.value.values()].filter(hasDrift).length);
        else if (!signal.aborted) {
          this.#metrics.countFailure('pods');
          this.#log.warn('the versions of pods cannot be compared', { problem: found.problem });
        }
        await this.#pause(this.#options.driftInterval);
      } else await this.#pause(1_000);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
