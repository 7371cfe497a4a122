/** Ten thousand pods with `refresh`, in the situations in which their calls could come together. */
import type { SidecarsOptions } from './sidecars.ts';

export interface Scenario {
  readonly name: string;
  readonly options: Omit<SidecarsOptions, 'seed'>;
}

/** Faster than any cluster starts them: the scheduler alone takes minutes for as many pods. */
const TOGETHER = 10;

const SIDECARS = {
  pods: 10_000,
  secrets: 3,
  interval: 300,
  check: 'describe',
  startWithin: TOGETHER,
  length: 2400,
} as const;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'all pods start within 10 seconds', options: SIDECARS },
  { name: 'a rolling start takes 20 minutes', options: { ...SIDECARS, startWithin: 1200 } },
  {
    name: 'Secrets Manager fails for 10 minutes',
    options: { ...SIDECARS, outage: { from: 600, to: 1200 } },
  },
  {
    name: 'a secret that all pods use rotates after 10 minutes',
    options: { ...SIDECARS, rotation: 600 },
  },
];
