/** Runs the benches one after the other and prints one table: measurement, budget, result, and whether the budget is met. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureDecision } from '../test/bench/decision.ts';
import { measureFetcher } from '../test/bench/fetcher.ts';
import { measureWebhook } from '../test/bench/webhook.ts';
import { EXECUTABLE } from './shipped.ts';

interface Row {
  readonly measurement: string;
  readonly budget: string;
  readonly measured: string;
  readonly isMet: boolean;
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const progress = (text: string): void => void process.stderr.write(`${text}\n`);

progress('decision …');
const decision = measureDecision();
progress('webhook under load …');
const webhook = await measureWebhook(values.quick ? { rounds: 3, millisecondsPerRound: 1000 } : {});
progress('fetcher …');
const fetcher = await measureFetcher(
  path.resolve(import.meta.dirname, '../dist', EXECUTABLE),
  values.quick ? 5 : 21,
);

const [bare, ours] = webhook.rows;
const first = decision.growth[0];
const last = decision.growth.at(-1);
const growth =
  (last?.microseconds ?? 0) /
  (first?.microseconds ?? 1) /
  ((last?.containers ?? 1) / (first?.containers ?? 1)) ** 2;
const fixed = (value: number, digits = 2): string => value.toFixed(digits);
const upTo = (measurement: string, value: number, most: number, unit: string, digits = 2): Row => ({
  measurement,
  budget: `≤ ${fixed(most, digits)}${unit}`,
  measured: `${fixed(value, digits)}${unit}`,
  isMet: value <= most,
});
const { bareNodeMilliseconds: node, delayedMilliseconds: delayed, roundTripMilliseconds: trip } = fetcher;

const rows: readonly Row[] = [
  {
    measurement: `webhook throughput, ${fixed(webhook.reviewBytes / 1024, 1)} KB review, 16 connections, share of a bare Fastify`,
    budget: '≥ 0.75',
    measured: `${fixed(webhook.throughputRatio)} (${ours.requestsPerSecond.toFixed(0)} of ${bare.requestsPerSecond.toFixed(0)} a second)`,
    isMet: webhook.throughputRatio >= 0.75,
  },
  upTo("webhook p99 in that run, times Fastify's", webhook.p99Ratio, 1.5, ' ×'),
  upTo('webhook memory under full load', ours.rssMegabytesMost, 110, ' MB', 0),
  upTo(
    `decision, ${fixed(decision.reviewBytes / 1024, 1)} KB (${fixed(decision.parseMicroseconds, 0)} µs of it JSON.parse)`,
    decision.reviewMicroseconds,
    60,
    ' µs',
    0,
  ),
  // Containers times references are what the patch and the checks grow with; 1 is exactly that product.
  upTo(
    `decision at ${last?.containers} containers and ${last?.references} references (${fixed((last?.microseconds ?? 0) / 1000, 1)} ms), growth against the product of both`,
    growth,
    1,
    ' ×',
  ),
  upTo(
    `decision, worst of the pods with one large part (${decision.worst.part}, ${fixed(decision.worst.bytes / 1024 / 1024, 1)} MiB)`,
    decision.worst.milliseconds,
    50,
    ' ms',
    0,
  ),
  upTo('fetcher, one secret, loopback, times `node -e 0`', fetcher.loopbackMilliseconds / node, 2.5, ' ×'),
  upTo(
    'fetcher, 500 references to one secret, loopback, times one reference',
    fetcher.referencesMilliseconds / fetcher.loopbackMilliseconds,
    2,
    ' ×',
  ),
  ...(fetcher.usage === undefined
    ? []
    : [
        upTo('fetcher CPU, one secret, loopback, times `node -e 0`', fetcher.usage.cpuRatio, 2.4, ' ×'),
        upTo('fetcher memory', fetcher.usage.rssMegabytes, 64, ' MB', 0),
      ]),
  upTo(`fetcher, one secret, ${trip} ms round trips`, delayed, node + 4 * trip + 30, ' ms', 0),
  upTo(
    `fetcher, 20 secrets in two Regions, ${trip} ms round trips`,
    fetcher.manyMilliseconds,
    delayed + 2 * trip + 15,
    ' ms',
    0,
  ),
  upTo('sidecar memory between looks', fetcher.sidecar.residentMegabytes, 45, ' MB', 0),
  upTo(
    'sidecar memory between looks, without the pages of the executable',
    fetcher.sidecar.privateMegabytes,
    16,
    ' MB',
    0,
  ),
  upTo(
    `sidecar CPU in ${fetcher.sidecar.idleSeconds} s between looks (a look takes ${fixed(fetcher.sidecar.lookMilliseconds, 0)} ms)`,
    fetcher.sidecar.idleMilliseconds,
    0,
    ' ms',
    0,
  ),
];

if (values.json) {
  process.stdout.write(`${JSON.stringify({ decision, webhook, fetcher, rows }, undefined, 2)}\n`);
} else {
  process.stdout.write('| measurement | budget | result | met |\n| --- | --- | --- | --- |\n');
  for (const row of rows)
    process.stdout.write(
      `| ${row.measurement} | ${row.budget} | ${row.measured} | ${row.isMet ? 'yes' : '**no**'} |\n`,
    );
  process.stdout.write(
    `\nNode ${process.version}; \`node -e 0\` took ${fixed(node, 1)} ms; medians of ${fetcher.rounds} and ${webhook.rounds} interleaved rounds.\n`,
  );
}
