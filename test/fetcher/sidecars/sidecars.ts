/**
 * Many pods with `refresh` in virtual time: the product's own schedule of looks and pauses between retries, with AWS
 * replaced by a token bucket for each kind of call.
 */

import { pauseBefore } from '../../../src/aws/calls/retry.ts';
import { QUOTAS, type SecretsManagerCall } from '../../../src/core/advice/quotas.ts';
import type { RefreshCheck } from '../../../src/core/plan/refresh.ts';
import { LOOK_TRIES, lookMilliseconds } from '../../../src/fetcher/refresh/look-limits.ts';
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
  /** When AWS answers with errors that count towards the quota, in seconds. */
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
    this.#tokens = Math.min(this.#quota, this.#tokens + ((now - this.#filledAt) / 1000) * this.#quota);
    this.#filledAt = now;
    if (this.#tokens < 1) {
      this.throttled += 1;
      return 'throttled';
    }
    this.#tokens -= 1;
    const { from, to } = this.#outage ?? { from: 0, to: 0 };
    return now >= from * 1000 && now < to * 1000 ? 'transient' : 'done';
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

/** How calls are retried. */
interface Retrying {
  /** In milliseconds. */
  readonly within: number;
  readonly tries: number;
  readonly throttled: boolean;
}

/** The first run, with the default of the annotation `fetch-timeout`. */
const FIRST_RUN: Retrying = { within: 60_000, tries: Number.POSITIVE_INFINITY, throttled: true };
/** A look that is throttled ends, and the schedule decides when the next one follows. */
const LOOK: Retrying = { within: lookMilliseconds(60), tries: LOOK_TRIES, throttled: false };

interface OneCall {
  /** In milliseconds of the queue. */
  readonly deadline: number;
  readonly retrying: Retrying;
  readonly end: (result: LookEnd) => void;
}

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

  /** With new versions, a look reads all values, and compares the labels again. */
  #look(): void {
    const { options } = this.#world;
    const check = options.check === 'describe' ? 'DescribeSecret' : 'GetSecretValue';
    const checkAll = (ended: (end: LookEnd) => void) => this.#callAll(check, options.secrets, LOOK, ended);
    checkAll((end) => {
      if (end !== 'done' || this.#hasFound || !this.#world.isPast(options.rotation)) this.#end(end);
      else if (options.check === 'value') checkAll((checked) => this.#find(checked));
      else
        this.#callAll('GetSecretValue', options.secrets, LOOK, (fetched) => {
          if (fetched === 'done') checkAll((checked) => this.#find(checked));
          else this.#end(fetched);
        });
    });
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

  /** Makes some calls at once. @param ended gets the first failure, if there is one */
  #callAll(kind: SecretsManagerCall, count: number, retrying: Retrying, ended: (end: LookEnd) => void): void {
    const { queue } = this.#world;
    const deadline = queue.now + retrying.within;
    let left = count;
    let worst: LookEnd = 'done';
    const end = (one: LookEnd): void => {
      left -= 1;
      if (worst === 'done') worst = one;
      if (left === 0) ended(worst);
    };
    for (let index = 0; index < count; index += 1) this.#call(kind, { deadline, retrying, end }, 0);
  }

  #call(kind: SecretsManagerCall, call: OneCall, failures: number): void {
    const { queue, services } = this.#world;
    const { deadline, retrying, end } = call;
    const result = services[kind].call(queue.now);
    const left = deadline - queue.now;
    const isRetried =
      failures + 1 < retrying.tries &&
      (result === 'transient' || (result === 'throttled' && retrying.throttled));
    const pause = isRetried ? pauseBefore(result, failures, this.#random(), left) : left;
    if (pause >= left) end(result);
    else queue.after(pause, () => this.#call(kind, call, failures + 1));
  }
}
