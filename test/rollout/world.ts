/**
 * A cluster, Secrets Manager and a queue in memory, as the controller's effects see them. The process can be killed before and
 * after each effect; the world stays.
 */
import { asObject, field, textField } from '../../src/core/json.ts';
import { RESTARTED_AT_KEY, VERSIONS_KEY } from '../../src/core/names/rollout-keys.ts';
import type { VersionMap } from '../../src/core/plan/version-map.ts';
import { Controller } from '../../src/rollout/controller.ts';
import type { Rules } from '../../src/rollout/decide/decide.ts';
import { readWorkload } from '../../src/rollout/decide/read-workload.ts';
import type { Kind, Workload } from '../../src/rollout/decide/workload.ts';
import type { Effects, Message, Note, WriteResult } from '../../src/rollout/effects.ts';
import { NOON, RULES, version, type WorkloadObject } from './workloads.ts';

/** The process was killed. */
export class Killed extends Error {}

/** Which effect the process does not survive, counted from 1 over the life of the world. */
export interface Kill {
  readonly effect: number;
  readonly when: 'before' | 'after';
}

export interface Restarted {
  readonly name: string;
  readonly at: number;
  readonly versions: string;
}

interface Json {
  [key: string]: unknown;
}

export class World {
  now = NOON;
  /** Effects so far. */
  effects = 0;
  kill: Kill | undefined;
  /** Whether Secrets Manager does not answer. */
  isUnavailable = false;
  readonly restarted: Restarted[] = [];
  readonly recorded: Restarted[] = [];
  readonly notes: { readonly name: string; readonly note: Note }[] = [];
  readonly results: string[] = [];
  readonly described: string[] = [];
  /** What pods report, by the name of the workload. */
  readonly delivered = new Map<string, readonly VersionMap[]>();
  /** What happens to a write, by the name of the workload. */
  readonly obstacles = new Map<string, WriteResult>();
  readonly #objects = new Map<string, Json>();
  readonly #secrets = new Map<string, Map<string, string>>();
  /** Reading takes longer than everything else. */
  readonly #read = new Map<string, { readonly text: string; readonly workload: readonly Workload[] }>();
  #queue: readonly Message[] = [];
  #receipts = 0;
  #versions = 0;

  add(object: WorkloadObject): void {
    this.#objects.set(nameIn(object), structuredClone(object) as unknown as Json);
  }

  delete(name: string): void {
    this.#objects.delete(name);
  }

  object(name: string): unknown {
    return this.#objects.get(name);
  }

  /** Somebody else changes a workload. */
  change(name: string, patch: unknown): void {
    const object = this.#objects.get(name);
    if (object !== undefined) this.#apply(object, patch);
  }

  /** A staging label moves to a new version. @returns the version */
  rotate(arn: string, stage = 'AWSCURRENT'): string {
    this.#versions += 1;
    const id = version(this.#versions);
    const stages = this.#secrets.get(arn) ?? new Map<string, string>();
    this.#secrets.set(arn, stages.set(stage, id));
    return id;
  }

  /** The version at AWSCURRENT. */
  current(arn: string): string | undefined {
    return this.#secrets.get(arn)?.get('AWSCURRENT');
  }

  /** Somebody deletes a secret. */
  forget(arn: string): void {
    this.#secrets.delete(arn);
  }

  /** Sends the event about the current version of a secret. */
  announce(arn: string, changes: Readonly<Record<string, unknown>> = {}): void {
    const [, , , region, account] = arn.split(':');
    this.send(
      JSON.stringify({
        version: '0',
        'detail-type': 'Secret Label Updated',
        source: 'aws.secretsmanager',
        account,
        region,
        time: new Date(this.now).toISOString(),
        resources: [arn],
        detail: {
          name: 'x',
          labelUpdated: 'AWSCURRENT',
          versionId: this.#secrets.get(arn)?.get('AWSCURRENT'),
        },
        ...changes,
      }),
    );
  }

  send(body: string): void {
    this.#receipts += 1;
    this.#queue = [...this.#queue, { body, receipt: `receipt-${this.#receipts}` }];
  }

  /** All messages that are not deleted: each is delivered again and again. */
  get messages(): readonly Message[] {
    return this.#queue;
  }

  workloads(): readonly Workload[] {
    return [...this.#objects].flatMap(([name, object]) => {
      const text = `${JSON.stringify(object)}${this.now}`;
      const known = this.#read.get(name);
      if (known?.text === text) return known.workload;
      const read = readWorkload(object['kind'] as Kind, object, this.now);
      const workload = read === undefined ? [] : [read];
      this.#read.set(name, { text, workload });
      return workload;
    });
  }

  /** Restarts that are not complete. */
  get rolling(): readonly string[] {
    return this.workloads()
      .filter(({ isRolling }) => isRolling)
      .map(({ name }) => name);
  }

  /** The controllers of Kubernetes complete rollouts. */
  completeRollouts(...names: readonly string[]): void {
    for (const [name, object] of this.#objects) {
      if (names.length > 0 && !names.includes(name)) continue;
      const generation = field(object['metadata'], 'generation');
      const restartedAt = field(object['spec'], 'restartAt');
      const status = {
        observedGeneration: generation,
        phase: 'Healthy',
        ...(restartedAt ? { restartedAt } : {}),
      };
      object['status'] = { ...asObject(object['status']), ...status };
    }
  }

  controller(rules: Partial<Rules> = {}, options: { readonly isDryRun?: boolean } = {}): Controller {
    return new Controller({
      cluster: { workloads: () => this.workloads(), disruptionBudgets: () => [] },
      effects: this.#effects(),
      reports: {
        described: () => {},
        message: (result) => void this.results.push(result),
        decided: () => {},
        written: () => {},
        pending: () => {},
        podsUnknown: () => {},
      },
      rules: { ...RULES, ...rules },
      isDryRun: options.isDryRun ?? false,
      describeInterval: 3_600_000,
      isLeader: () => true,
      now: () => this.now,
      random: () => 0.5,
    });
  }

  #effects(): Effects {
    return {
      describe: (arn) =>
        this.#effect(() => {
          this.described.push(arn);
          if (this.isUnavailable) return { kind: 'failed', code: 'InternalFailure', isGone: false } as const;
          const stages = this.#secrets.get(arn);
          return stages === undefined
            ? ({ kind: 'failed', code: 'ResourceNotFoundException', isGone: true } as const)
            : ({ kind: 'found', stages: new Map(stages) } as const);
        }),
      write: (workload, patch) => this.#effect(() => this.#write(workload, JSON.parse(patch))),
      deliveredTo: ({ name }) => this.#effect(() => this.delivered.get(name) ?? []),
      tell: ({ name }, note) => this.#effect(() => void this.notes.push({ name, note })),
      remove: (receipts) =>
        this.#effect(() => {
          this.#queue = this.#queue.filter(({ receipt }) => !receipts.includes(receipt));
        }),
    };
  }

  async #effect<T>(carryOut: () => T): Promise<T> {
    this.effects += 1;
    const dies = this.kill?.effect === this.effects ? this.kill.when : undefined;
    await Promise.resolve();
    if (dies === 'before') throw new Killed();
    const result = carryOut();
    if (dies === 'after') throw new Killed();
    return result;
  }

  #write(workload: Workload, patch: unknown): WriteResult {
    const obstacle = this.obstacles.get(workload.name);
    if (obstacle !== undefined) return obstacle;
    const object = this.#objects.get(workload.name);
    if (object === undefined) return 'gone';
    const wanted = textField(field(patch, 'metadata'), 'resourceVersion');
    if (wanted === undefined || wanted !== textField(object['metadata'], 'resourceVersion'))
      return 'conflict';
    const before = restartOf(object);
    const record = recordOf(object);
    this.#apply(object, patch);
    const entry = { name: workload.name, at: this.now, versions: recordOf(object) };
    if (restartOf(object) !== before) this.restarted.push(entry);
    else if (recordOf(object) !== record) this.recorded.push(entry);
    return 'written';
  }

  #apply(object: Json, patch: unknown): void {
    const spec = JSON.stringify(object['spec']);
    merge(object, patch);
    const metadata = object['metadata'] as Json;
    metadata['resourceVersion'] = String(Number(metadata['resourceVersion']) + 1);
    if (JSON.stringify(object['spec']) !== spec) metadata['generation'] = Number(metadata['generation']) + 1;
  }
}

/** RFC 7396. */
function merge(target: Json, patch: unknown): void {
  for (const [key, value] of Object.entries(asObject(patch) ?? {})) {
    if (value === null) delete target[key];
    else if (asObject(value) === undefined) target[key] = value;
    else {
      const inner = (asObject(target[key]) ?? {}) as Json;
      target[key] = inner;
      merge(inner, value);
    }
  }
}

function nameIn(object: WorkloadObject): string {
  return textField(object.metadata, 'name') ?? '';
}

function templateOf(object: Json): unknown {
  return field(field(field(object['spec'], 'template'), 'metadata'), 'annotations');
}

function restartOf(object: Json): unknown {
  return textField(object['spec'], 'restartAt') ?? textField(templateOf(object), RESTARTED_AT_KEY);
}

function recordOf(object: Json): string {
  const own = field(object['metadata'], 'annotations');
  return textField(templateOf(object), VERSIONS_KEY) ?? textField(own, VERSIONS_KEY) ?? '';
}
