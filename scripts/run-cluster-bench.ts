/** Prints what the injection costs a pod on a real node. */
import { parseArgs } from 'node:util';
import { type ClusterFigures, measureCluster } from '../test/bench/cluster.ts';
import { STEPS, type Step } from '../test/bench/pod-timeline.ts';
import { clusterUnavailable } from '../test/cluster/cluster.ts';

const MOST_MILLISECONDS = 150;
const RUN: Step = 'the whole run of the init container';

const { values } = parseArgs({
  options: {
    cluster: { type: 'boolean' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const reason = clusterUnavailable('node');
if (reason !== undefined) {
  process.stderr.write(`the bench on a cluster cannot run here: ${reason}\n`);
  process.exit(1);
}
const figures = await measureCluster(values.quick ? 3 : 15);
process.stdout.write(values.json ? `${JSON.stringify(figures, undefined, 2)}\n` : tablesOf(figures));

function tablesOf({ kubernetes, rounds, bare, noOp, injected, cost, admission }: ClusterFigures): string {
  const [computed] = injected;
  if (computed === undefined) throw new Error('no injected pod was measured');
  const shown = [bare, noOp, computed];
  return [
    table(
      ['milliseconds', 'until the first line', 'without the wait for kubelet', 'its init container runs'],
      [bare, noOp, ...injected].map(({ what, timeline }) => [
        what,
        ms(timeline.total),
        ms(timeline.withoutWait),
        ms(timeline.steps[RUN]),
      ]),
    ),
    `The injection costs ${ms(cost.median)} ms more than the no-op init container (budget ≤ ${MOST_MILLISECONDS} ms${cost.median <= MOST_MILLISECONDS ? '' : ': **missed**'}), ` +
      `and in half of the rounds between ${ms(cost.lowerQuartile)} and ${ms(cost.upperQuartile)} ms, ` +
      'without the wait for kubelet, which is the same for both on average. ' +
      `The API server waited ${admission.toFixed(1)} ms for the webhook (mean of the calls).\n`,
    table(
      ['milliseconds', ...shown.map(({ what }) => what)],
      STEPS.map((step) => [step, ...shown.map(({ timeline }) => ms(timeline.steps[step]))]),
    ),
    `Kubernetes ${kubernetes}; medians of ${rounds} interleaved rounds.\n`,
  ].join('\n');
}

function table(head: Row, rows: readonly Row[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}

type Row = readonly string[];

function ms(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(0);
}
