/** A thousand fetchers against services that limit their calls, or are out for a while. */
import type { FleetOptions } from './fleet.ts';
import type { Limit } from './service.ts';

export interface Scenario {
  readonly name: string;
  readonly options: Omit<FleetOptions, 'seed'>;
  /** The service with the limit. */
  readonly limited: 'sts' | 'secretsManager';
}

const UNLIMITED = limit(100_000);

const FLEET = {
  fetchers: 1000,
  secrets: 3,
  startWithin: 1000,
  timeoutSeconds: 60,
  sts: UNLIMITED,
  secretsManager: UNLIMITED,
};

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'Secrets Manager accepts 100 calls per second',
    options: { ...FLEET, secretsManager: limit(100) },
    limited: 'secretsManager',
  },
  {
    name: 'STS accepts 50 calls per second',
    options: { ...FLEET, sts: limit(50) },
    limited: 'sts',
  },
  {
    name: 'both refuse connections for 30 s, then each accepts 200 calls per second',
    options: {
      ...FLEET,
      sts: limit(200),
      secretsManager: limit(200),
      outage: { from: 0, to: 30_000 },
    },
    limited: 'secretsManager',
  },
];

/** A bucket that holds the calls of one second. */
function limit(perSecond: number): Limit {
  return { perSecond, burst: perSecond };
}
