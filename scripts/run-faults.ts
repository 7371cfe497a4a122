/** Runs the fetcher under faults that pass and faults that last, and prints a table of each. */
import { parseArgs } from 'node:util';
import { type FaultCase, LASTING, PASSING } from '../test/bench/fault-cases.ts';
import { FaultBench, type FaultRun } from '../test/bench/faults.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'boolean' },
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    table: { type: 'string', default: 'passing,lasting' },
    only: { type: 'string', default: '' },
  },
});
const runs = Number(values.runs);
const lastingSeconds = Number(values.seconds);
const PASSING_SECONDS = 60;

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
const middle = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const print = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
let isAsExpected = true;

/** The connections that were accepted, or a dash if none could be counted. */
function opened(measured: readonly FaultRun[]): string {
  const count = middle(measured.map(({ connections }) => connections));
  return count === 0 ? '–' : `${count}`;
}

/** Prints the heading of a table. */
function head(cells: readonly string[]): void {
  print(cells);
  print(cells.map(() => '---'));
}

/** Runs each fault, and prints a row of it. */
async function measure(
  bench: FaultBench,
  faults: readonly FaultCase[],
  deadline: number,
  row: (measured: readonly FaultRun[]) => readonly string[],
): Promise<void> {
  for (const fault of faults.filter(({ name }) => name.includes(values.only))) {
    const measured: FaultRun[] = [];
    for (let number = 1; number <= runs; number += 1) {
      const run = await bench.run(fault, deadline, number);
      if (typeof run === 'string') {
        process.stderr.write(`${fault.name}: skipped, ${run}\n`);
        break;
      }
      measured.push(run);
    }
    if (measured.length > 0) print([fault.name, ...row(measured)]);
  }
}

/** Faults that pass: the time until the fetcher succeeds. */
async function measurePassing(bench: FaultBench): Promise<void> {
  head(['fault', 'median', 'longest', 'calls', 'connections']);
  await measure(bench, PASSING, PASSING_SECONDS, (measured) => {
    const failed = measured.filter(({ exitCode }) => exitCode !== 0);
    if (failed.length > 0) isAsExpected = false;
    const times = measured.map(({ milliseconds }) => milliseconds);
    const calls = `${middle(measured.map((run) => run.calls))}${failed.length > 0 ? `; ${failed.length} failed` : ''}`;
    return [seconds(middle(times)), seconds(Math.max(...times)), calls, opened(measured)];
  });
  process.stdout.write(`\nDeadline: ${PASSING_SECONDS} s.\n\n`);
}

/** Faults that last: the time until the fetcher gives up, relative to the deadline. */
async function measureLasting(bench: FaultBench): Promise<void> {
  head(['fault', 'problem', 'exit code', 'from', 'to', 'calls', 'connections']);
  await measure(bench, LASTING, lastingSeconds, (measured) => {
    if (measured.some(({ exitCode }) => exitCode === 0)) isAsExpected = false;
    const relative = measured.map(({ milliseconds }) => milliseconds - lastingSeconds * 1000);
    const signed = (value: number): string => `${value < 0 ? '−' : '+'}${seconds(Math.abs(value))}`;
    return [
      [...new Set(measured.map(({ problem }) => `\`${problem}\``))].join(', '),
      [...new Set(measured.map(({ exitCode }) => exitCode))].join(', '),
      signed(Math.min(...relative)),
      signed(Math.max(...relative)),
      `${middle(measured.map((run) => run.calls))}`,
      opened(measured),
    ];
  });
  process.stdout.write(`\nTimes are relative to the deadline of ${lastingSeconds} s.\n\n`);
}

const bench = await FaultBench.open();
try {
  if (values.table.includes('passing')) await measurePassing(bench);
  if (values.table.includes('lasting')) await measureLasting(bench);
  process.stdout.write(`Node ${process.version}; ${runs} runs of each fault.\n`);
} finally {
  await bench.close();
}
process.exitCode = isAsExpected ? 0 : 1;
