/** How many calls pods make to Secrets Manager, what they cost, and how much of the quotas they use. */
import type { PlanSecret } from '../plan/plan.ts';
import type { PlanRefresh, RefreshCheck } from '../plan/refresh.ts';
import { priceOf, QUOTAS, SECONDS_OF_MONTH, type SecretsManagerCall } from './quotas.ts';

/** Pods with the same secrets. */
export interface CallingPods {
  /** How many there are. */
  readonly count: number;
  /** The secrets of each pod. */
  readonly secrets: readonly CalledSecret[];
  /** How a pod looks for new versions; undefined if it does not. */
  readonly refresh: Pick<PlanRefresh, 'seconds' | 'check'> | undefined;
}

type CalledSecret = Pick<PlanSecret, 'arn' | 'versionId'> & { readonly region: string };

/** The calls to one Region. */
export interface RegionEstimate {
  readonly region: string;
  /** GetSecretValue calls, if all pods start. */
  readonly callsAtStart: number;
  /** The calls of all pods while they run, which look for new versions; undefined if there are none. */
  readonly refresh: RefreshEstimate | undefined;
  /**
   * Further GetSecretValue calls after a new version of one of the secrets: each pod reads all values of one moment. With the
   * check `value`, it has read them, but reads several secrets again, to compare.
   */
  readonly callsAfterChange: number;
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
export function estimateCalls({ count, secrets, refresh }: CallingPods): readonly RegionEstimate[] {
  const isCompared = refresh?.check !== 'value' || labelledOf(secrets).length > 1;
  return [...Map.groupBy(secrets, ({ region }) => region)].map(([region, those]) => {
    const looks = refresh === undefined ? 0 : callsOfLook(those, refresh.check);
    return {
      region,
      callsAtStart: count * those.length,
      refresh:
        refresh === undefined || looks === 0
          ? undefined
          : refreshEstimate(checkCall(refresh.check), (count * looks) / (refresh.seconds * AVERAGE_PAUSE)),
      callsAfterChange: looks > 0 && isCompared ? count * those.length : 0,
    };
  });
}

/** DescribeSecret says all labels of a secret at once. A secret whose version ID is fixed has no new versions. */
function callsOfLook(secrets: readonly CalledSecret[], check: RefreshCheck): number {
  const labelled = labelledOf(secrets);
  if (labelled.length === 0) return 0;
  return check === 'value' ? secrets.length : new Set(labelled.map(({ arn }) => arn)).size;
}

function labelledOf(secrets: readonly CalledSecret[]): readonly CalledSecret[] {
  return secrets.filter(({ versionId }) => versionId === undefined);
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

/** The sum of the refreshes of several pods in a Region, because they share the quotas of their account. */
export interface RefreshSum {
  readonly region: string;
  readonly refresh: RefreshEstimate;
}

/** Adds up estimates by Region and call, in the order of the first of each. */
export function sumOfRefreshes(estimates: readonly RegionEstimate[]): readonly RefreshSum[] {
  const sums = new Map<string, { region: string; call: SecretsManagerCall; perSecond: number }>();
  for (const { region, refresh } of estimates) {
    if (refresh === undefined) continue;
    const key = `${region} ${refresh.call}`;
    const perSecond = (sums.get(key)?.perSecond ?? 0) + refresh.callsPerSecond;
    sums.set(key, { region, call: refresh.call, perSecond });
  }
  return [...sums.values()].map(({ region, call, perSecond }) => ({
    region,
    refresh: refreshEstimate(call, perSecond),
  }));
}
