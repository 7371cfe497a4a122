/** Calls over time. */
import type { Call, Verdict } from './service.ts';

/** Calls in one interval, by what the service did with them. */
export type Load = Readonly<Record<Verdict, number>>;

/** @param interval in milliseconds @returns the load of each interval, from the start to the last call */
export function loadOf(calls: readonly Call[], interval: number): readonly Load[] {
  const loads: Record<Verdict, number>[] = [];
  const last = calls.reduce((latest, { at }) => Math.max(latest, at), 0);
  for (let from = 0; from <= last; from += interval) loads.push({ accepted: 0, throttled: 0, refused: 0 });
  for (const { at, verdict } of calls) {
    const load = loads[Math.floor(at / interval)];
    if (load !== undefined) load[verdict] += 1;
  }
  return loads;
}

/** All calls of an interval. */
export function total({ accepted, throttled, refused }: Load): number {
  return accepted + throttled + refused;
}
