/** The fetcher as a whole process against a bare Node.js, in turn: on loopback and behind a delaying proxy. */
import { MAX_REFERENCES } from '../../src/core/limits.ts';
import { type FetcherStage, ROUND_TRIP } from './fetcher-stage.ts';
import { median } from './median.ts';
import type { Samples } from './samples.ts';
import type { Run } from './timed-runs.ts';

/** Medians over the rounds; ratios and differences are those of the two runs of each round. */
export interface FetcherFigures {
  /** Wall time in milliseconds. */
  readonly bareNode: number;
  readonly loopback: number;
  readonly delayed: number;
  readonly many: number;
  /** To `node -e 0`. */
  readonly cpuRatio: number;
  readonly loopbackRatio: number;
  /** In milliseconds, above `node -e 0`. */
  readonly delayedAbove: number;
  /** In milliseconds, 20 secrets in two Regions above one secret. */
  readonly manyAbove: number;
  /** 500 references to one secret to one reference, on loopback. */
  readonly referencesRatio: number;
  /** The most in any round, for one secret. */
  readonly rssMegabytes: number;
  readonly roundTrip: number;
  readonly rounds: number;
}

const MANY = 20;

/** Measures rounds of every case in turn. */
export async function measureFetcher(
  stage: FetcherStage,
  samples: Samples,
  rounds: number,
): Promise<FetcherFigures> {
  const one = stage.plan(1, ['eu-west-1']);
  const withReferences = stage.plan(1, ['eu-west-1'], MAX_REFERENCES);
  const twoRegions = stage.plan(MANY, ['eu-west-1', 'us-east-1']);
  const cases = {
    bareNode: () => stage.bareNode(),
    loopback: () => stage.fetch(one, 'loopback'),
    references: () => stage.fetch(withReferences, 'loopback'),
    delayed: () => stage.fetch(one, 'delayed'),
    many: () => stage.fetch(twoRegions, 'delayed'),
  };
  const round = (attempt: number) => runInTurn(cases, attempt);
  await round(0);
  const seen = await samples.take('fetcher', rounds, round);
  const over = (figure: (one: (typeof seen)[number]) => number): number => median(seen.map(figure));
  return {
    bareNode: over(({ bareNode }) => bareNode.wallMilliseconds),
    loopback: over(({ loopback }) => loopback.wallMilliseconds),
    delayed: over(({ delayed }) => delayed.wallMilliseconds),
    many: over(({ many }) => many.wallMilliseconds),
    cpuRatio: over(({ loopback, bareNode }) => loopback.cpuMilliseconds / bareNode.cpuMilliseconds),
    loopbackRatio: over(({ loopback, bareNode }) => loopback.wallMilliseconds / bareNode.wallMilliseconds),
    delayedAbove: over(({ delayed, bareNode }) => delayed.wallMilliseconds - bareNode.wallMilliseconds),
    manyAbove: over(({ many, delayed }) => many.wallMilliseconds - delayed.wallMilliseconds),
    referencesRatio: over(
      ({ references, loopback }) => references.wallMilliseconds / loopback.wallMilliseconds,
    ),
    rssMegabytes: Math.max(...seen.map(({ loopback }) => loopback.rssMegabytes)),
    roundTrip: ROUND_TRIP,
    rounds,
  };
}

/** @param attempt turns the order around each time, so that none always comes last */
async function runInTurn<Name extends string>(
  cases: Readonly<Record<Name, () => Promise<Run>>>,
  attempt: number,
): Promise<Readonly<Record<Name, Run>>> {
  const names = Object.keys(cases) as Name[];
  const runs = {} as Record<Name, Run>;
  for (const name of attempt % 2 === 0 ? names : names.toReversed()) runs[name] = await cases[name]();
  return runs;
}
