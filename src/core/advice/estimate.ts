/** How many calls pods make to Secrets Manager, what they cost, and how much of the quotas they use. */
import type { PlanRefresh, RefreshCheck } from '../plan/refresh.ts';
import { priceOf, QUOTAS, SECONDS_OF_MONTH, type SecretsManagerCall } from './quotas.ts';

/** Pods with the same secrets. */
export interface CallingPods {
  /** How many there are. */
  readonly count: number;
  /** The Region of each secret of a pod. */
  readonly regions: readonly string[];
  /** How a pod looks for new versions; undefined if it does not. */
  readonly refresh: Pick<PlanRefresh, 'seconds' | 'check'> | undefined;
}

/** The calls to one Region. */
export interface RegionEstimate {
  readonly region: string;
  /** GetSecretValue calls, if all pods start. */
  readonly callsAtStart: number;
  /** The calls of all pods while they run, which look for new versions; undefined without `refresh`. */
  readonly refresh: RefreshEstimate | undefined;
}

export interface RefreshEstimate {
  readonly call: SecretsManagerCall;
  /** On average. */
  readonly callsPerSecond: number;
  readonly callsPerMonth: number;
  readonly dollarsPerMonth: number;
  /** Of the quota of the account that calls, from 0 to 1, or more. */
  readonly shareOfQuota: number;
}

/** The average pause between two looks, as a share of the interval: up to a tenth is taken off, at random. */
const AVERAGE_PAUSE = 0.95;

/** The call that looks for a new version. */
export function checkCall(check: RefreshCheck): SecretsManagerCall {
  return check === 'describe' ? 'DescribeSecret' : 'GetSecretValue';
}

/** Estimates the calls to each Region, in the order of the secrets. */
export function estimateCalls({ count, regions, refresh }: CallingPods): readonly RegionEstimate[] {
  return [...Map.groupBy(regions, (region) => region)].map(([region, secrets]) => ({
    region,
    callsAtStart: count * secrets.length,
    refresh:
      refresh === undefined
        ? undefined
        : refreshEstimate(
            checkCall(refresh.check),
            (count * secrets.length) / (refresh.seconds * AVERAGE_PAUSE),
          ),
  }));
}

/** @param callsPerSecond on average */
export function refreshEstimate(call: SecretsManagerCall, callsPerSecond: number): RefreshEstimate {
  const callsPerMonth = callsPerSecond * SECONDS_OF_MONTH;
  return {
    call,
    callsPerSecond,
    callsPerMonth,
    dollarsPerMonth: priceOf(callsPerMonth),
    shareOfQuota: callsPerSecond / QUOTAS[call],
  };
}
