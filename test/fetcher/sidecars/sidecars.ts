/**
 * Many pods with `refresh` in virtual time: the product's own schedule of looks and pauses between retries, with AWS
 * replaced by a token bucket for each kind of call.
 */

import { pauseBefore } from '../../../src/aws/calls/retry.ts';
import { QUOTAS, type SecretsManagerCall } from '../../../src/core/advice/quotas.ts';
import type { RefreshCheck } from '../../../src/core/plan/refresh.ts';
import { type LookEnd, LookSchedule } from '../../../src/fetcher/refresh/schedule.ts';
import { seededRandom } from '../fleet/timeline.ts';
import { EventQueue } from './event-queue.ts';

export interface SidecarsOptions {
  readonly pods: number;
  /** Of each pod. */
  readonly secrets: number;
  /** The annotation `refresh`, in seconds. */
  readonly interval: number;
  readonly check: RefreshCheck;
  /** All pods start within this number of seconds. */
  readonly startWithin: number;
  /** How long they run, in seconds. */
  readonly length: number;
  /** When AWS refuses connections, in seconds. */
  readonly outage?: { readonly from: number; readonly to: number };
  /** When a secret that all pods use has a new version, in seconds. */
  readonly rotation?: number;
  readonly seed: number;
  /** Without jitter, every random number is the same. For comparison. */
  readonly withoutJitter?: true;
}

export interface SidecarsRun {
  /** The calls of each second, successful or not. */
  readonly calls: Readonly<Record<SecretsManagerCall, readonly number[]>>;
  /** The number of calls that exceeded the quota. */
  readonly throttled: number;
  /** For each pod, the time of the first look that found the new version of the rotation, in seconds. */
  readonly found: readonly number[];
  /** For each pod, the time of its first complete look after the outage, in seconds. */
  readonly recovered: readonly number[];
}

/** One kind of call: its quota as a bucket that holds the calls of one second, and what arrived. */
class Service {
  readonly perSecond: number[];
  throttled = 0;
  readonly #quota: number;
  readonly #outage: SidecarsOptions['outage'];
  #tokens: number;
  #filledAt = 0;

  constructor(quota: number, { length, outage }: SidecarsOptions) {
    this.perSecond = new Array<number>(length).fill(0);
    this.#quota = quota;
    this.#tokens = quota;
    this.#outage = outage;
  }

  /** @param now in milliseconds */
  call(now: number): LookEnd {
    const second = Math.floor(now / 1000);
    this.perSecond[second] = (this.perSecond[second] ?? 0) + 1;
    if (this.#outage !== undefined && now >= this.#outage.from * 1000 && now < this.#outage.to * 1000)
      return 'transient';
    this.#tokens = Math.min(this.#quota, this.#tokens + ((now - this.#filledAt) / 1000) * this.#quota);
    this.#filledAt = now;
    if (this.#tokens < 1) {
      this.throttled += 1;
      return 'throttled';
    }
    this.#tokens -= 1;
    return 'done';
  }
}

/** Runs all pods. The same options give the same run. */
export function runSidecars(options: SidecarsOptions): SidecarsRun {
  const world = new World(options);
  for (let index = 0; index < options.pods; index += 1) {
    // A sequence of its own for each pod, as in processes of their own.
    const random = seededRandom(options.seed * 1_000_003 + index * 7919);
    const start = random() * options.startWithin * 1000;
    new Sidecar(world, options.withoutJitter === true ? () => 1 - Number.EPSILON : random).start(start);
  }
  world.queue.run(options.length * 1000);
  const { DescribeSecret, GetSecretValue } = world.services;
  return {
    calls: { DescribeSecret: DescribeSecret.perSecond, GetSecretValue: GetSecretValue.perSecond },
    throttled: DescribeSecret.throttled + GetSecretValue.throttled,
    found: world.found,
    recovered: world.recovered,
  };
}

class World {
  readonly queue = new EventQueue();
  readonly options: SidecarsOptions;
  readonly services: Readonly<Record<SecretsManagerCall, Service>>;
  readonly found: number[] = [];
  readonly recovered: number[] = [];

  constructor(options: SidecarsOptions) {
    this.options = options;
    this.services = {
      DescribeSecret: new Service(QUOTAS.DescribeSecret, options),
      GetSecretValue: new Service(QUOTAS.GetSecretValue, options),
    };
  }

  /** Whether a time has passed. */
  isPast(second: number | undefined): boolean {
    return second !== undefined && this.queue.now >= second * 1000;
  }
}

/** Milliseconds for the retries of the first run: the default of the annotation `fetch-timeout`. */
const FIRST_RUN = 60_000;
/** The calls of a look are not retried: the next look follows soon. */
const LOOK = 0;

class Sidecar {
  readonly #world: World;
  readonly #random: () => number;
  readonly #schedule: LookSchedule;
  #hasFound = false;
  #hasRecovered = false;

  constructor(world: World, random: () => number) {
    this.#world = world;
    this.#random = random;
    this.#schedule = new LookSchedule(world.options.interval, random);
  }

  /** The first run, and then looks. @param delay in milliseconds */
  start(delay: number): void {
    const { queue, options } = this.#world;
    queue.after(delay, () => {
      this.#callAll('GetSecretValue', options.secrets, FIRST_RUN, () => {
        queue.after(this.#schedule.first(), () => this.#look());
      });
    });
  }

  #look(): void {
    const { options } = this.#world;
    this.#callAll(
      options.check === 'describe' ? 'DescribeSecret' : 'GetSecretValue',
      options.secrets,
      LOOK,
      (end) => {
        if (end !== 'done' || this.#hasFound || !this.#world.isPast(options.rotation)) return this.#end(end);
        if (options.check === 'value') return this.#find(end);
        this.#callAll('GetSecretValue', 1, LOOK, (fetched) => this.#find(fetched));
      },
    );
  }

  #find(end: LookEnd): void {
    if (end === 'done') {
      this.#hasFound = true;
      this.#world.found.push(this.#world.queue.now / 1000);
    }
    this.#end(end);
  }

  #end(end: LookEnd): void {
    const { queue, options, recovered } = this.#world;
    if (end === 'done' && !this.#hasRecovered && this.#world.isPast(options.outage?.to)) {
      this.#hasRecovered = true;
      recovered.push(queue.now / 1000);
    }
    queue.after(this.#schedule.after(end), () => this.#look());
  }

  /** Makes some calls at once. @param limit of their retries, in milliseconds @param ended gets the first failure, if there is one */
  #callAll(kind: SecretsManagerCall, count: number, limit: number, ended: (end: LookEnd) => void): void {
    const { queue } = this.#world;
    const deadline = queue.now + limit;
    let left = count;
    let worst: LookEnd = 'done';
    for (let index = 0; index < count; index += 1) {
      this.#call(kind, deadline, 0, (end) => {
        left -= 1;
        if (worst === 'done') worst = end;
        if (left === 0) ended(worst);
      });
    }
  }

  #call(kind: SecretsManagerCall, deadline: number, failures: number, ended: (end: LookEnd) => void): void {
    const { queue, services } = this.#world;
    const end = services[kind].call(queue.now);
    const left = deadline - queue.now;
    const pause =
      end === 'transient' || end === 'throttled' ? pauseBefore(end, failures, this.#random(), left) : left;
    if (pause >= left) ended(end);
    else queue.after(pause, () => this.#call(kind, deadline, failures + 1, ended));
  }
}
