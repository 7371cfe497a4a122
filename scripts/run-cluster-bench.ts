/** Prints what the injection costs a pod on a real node. */
import { parseArgs } from 'node:util';
import { measureCluster } from '../test/bench/cluster.ts';
import { clusterUnavailable } from '../test/cluster/cluster.ts';

const MOST_MILLISECONDS = 150;

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
const { start, shares, admission } = figures;
const ms = (value: number): string => `${value.toFixed(0)} ms`;
if (values.json) {
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
} else {
  const more = start.injected - start['no-op init container'];
  const rows: readonly (readonly [string, string])[] = [
    ['pod, from creation to the first line of its application', ms(start.bare)],
    ['the same with a no-op init container', ms(start['no-op init container'])],
    [
      'the same with the injection',
      `${ms(start.injected)}, ${(start.injected / start.bare).toFixed(2)} × the bare pod`,
    ],
    [
      `injection above the no-op init container (budget ≤ ${MOST_MILLISECONDS} ms)`,
      `${ms(more)}${more <= MOST_MILLISECONDS ? '' : ' **no**'}`,
    ],
    ...Object.entries(shares).map(([what, value]) => [`… of it ${what}`, ms(value)] as const),
    ['… admission by the webhook, as the API server measured it (mean)', `${admission.toFixed(1)} ms`],
  ];
  process.stdout.write('| what | measured |\n| --- | --- |\n');
  for (const [what, measured] of rows) process.stdout.write(`| ${what} | ${measured} |\n`);
  process.stdout.write(
    `\nKubernetes ${figures.kubernetes}; medians of ${figures.rounds} interleaved rounds.\n`,
  );
}
