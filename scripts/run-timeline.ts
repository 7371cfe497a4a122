/** Measures the timeline of the fetcher, draws it, and prints its steps. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeSamples, Samples } from '../test/bench/samples.ts';
import { measureTimeline } from '../test/bench/timeline.ts';
import { drawTimeline, lengthOf, startsOf } from '../test/pictures/timeline/draw.ts';
import { EXECUTABLE } from './shipped.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    timeline: { type: 'boolean' },
    quick: { type: 'boolean', default: false },
    output: { type: 'string', default: path.join(ROOT, 'docs/internals/fetcher-timeline.svg') },
  },
});

const samples = new Samples();
const figures = await measureTimeline(path.join(ROOT, 'dist', EXECUTABLE), samples, values.quick ? 5 : 21);
const { rows, traced, untraced, fake, roundTrip, runs, leftOut } = figures;
const whole = (value: number): string => value.toFixed(0);
const notes = [
  `Medians of ${runs} runs of the executable, as Node.js ${process.version} traced them, in milliseconds since their start${leftOut === 0 ? '' : `; ${leftOut} with another order of steps are left out`}.`,
  `The traced runs took ${whole(traced)} ms; untraced runs, in turn with them, ${whole(untraced)} ms.`,
  'Rows of modules are from profiled runs, which are slower, and are scaled to the others.',
  `On loopback, TCP connections open at once, so a proxy adds the round trip. In the two requests, the AWS fake takes ${fake[0].toFixed(1)} and ${fake[1].toFixed(1)} ms.`,
];
writeFileSync(
  values.output,
  drawTimeline({
    title: `The fetcher with one secret and round trips of ${roundTrip} ms`,
    rows,
    end: Math.max(...rows.flatMap(({ bars }) => bars.map(({ to }) => to))),
    notes,
  }),
);
process.stdout.write('| group | step | start | length |\n| --- | --- | --- | --- |\n');
for (const { group, name, bars } of rows)
  process.stdout.write(`| ${group} | ${name} | ${startsOf(bars)} | ${lengthOf(bars)} |\n`);
process.stdout.write(`\n${notes.join('\n')}\n\n${describeSamples(samples.counts)}\n`);
