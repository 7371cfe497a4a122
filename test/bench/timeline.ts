/** What the fetcher does and when, with one secret behind round trips: medians of runs. */
import { timeRun } from '../aws-fake/fetch-stage.ts';
import { type ModuleLoad, modulesOf, withModules } from '../pictures/timeline/modules.ts';
import { type Row, type Run, stepsOf } from '../pictures/timeline/steps.ts';
import { median } from './median.ts';
import type { Samples } from './samples.ts';
import { TracedFetcher } from './traced-fetcher.ts';

export interface TimelineFigures {
  readonly rows: readonly Row[];
  /** Wall times of the runs, as medians in milliseconds. */
  readonly traced: number;
  readonly untraced: number;
  /** The part of the AWS fake in its two answers. */
  readonly fake: readonly [number, number];
  readonly roundTrip: number;
  /** In the rows. */
  readonly runs: number;
  /** Runs that did the steps in another order. */
  readonly leftOut: number;
}

const ROUND_TRIP = 20;

/** One run of every case. */
interface Round {
  readonly bare: number;
  readonly untraced: number;
  readonly traced: Run;
  readonly fake: readonly number[];
  readonly loads: readonly ModuleLoad[];
}

/** Measures rounds of every case in turn. @param executable what ships */
export async function measureTimeline(
  executable: string,
  samples: Samples,
  wanted: number,
): Promise<TimelineFigures> {
  const bareNode = () => timeRun([process.execPath, '-e', '0'], {});
  await using fetcher = await TracedFetcher.open(executable, ROUND_TRIP);
  // The first runs read the programs from the disk.
  await bareNode();
  await fetcher.run();
  const rounds = await samples.take('timeline', wanted, async (): Promise<Round> => {
    const bare = await bareNode();
    const untraced = (await fetcher.run()).ended;
    const traced = await fetcher.trace();
    const fake = fetcher.answerTimes;
    const { run, profile } = await fetcher.profile();
    return { bare, untraced, traced, fake, loads: modulesOf(run, profile) };
  });
  const medianOf = (value: (round: Round) => number | undefined) =>
    median(rounds.map((round) => value(round) ?? Number.NaN));
  const { rows, leftOut } = stepsOf(
    rounds.map(({ traced }) => traced),
    ROUND_TRIP,
  );
  return {
    rows: [
      { group: 'baseline', name: 'node -e 0', bars: [{ from: 0, to: medianOf(({ bare }) => bare) }] },
      ...withModules(
        rows,
        rounds.map(({ loads }) => loads),
      ),
    ],
    traced: medianOf(({ traced }) => traced.ended),
    untraced: medianOf(({ untraced }) => untraced),
    fake: [medianOf(({ fake }) => fake[0]), medianOf(({ fake }) => fake[1])],
    roundTrip: ROUND_TRIP,
    runs: wanted - leftOut,
    leftOut,
  };
}
