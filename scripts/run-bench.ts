/** Runs the benches one after the other and prints one table: measurement, budget, result, and whether the budget is met. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pinBench } from '../test/bench/cores.ts';
import { parseMillicores } from '../test/bench/cpu-limit.ts';
import { measureDecision } from '../test/bench/decision.ts';
import { measureFetcher } from '../test/bench/fetcher.ts';
import { type FetcherStage, openFetcherStage, ROUND_TRIP } from '../test/bench/fetcher-stage.ts';
import { measureLimited } from '../test/bench/limited.ts';
import {
  decisionRows,
  fetcherRows,
  formatRows,
  limitedRows,
  type Row,
  sidecarRows,
  webhookRows,
} from '../test/bench/rows.ts';
import { describeSamples, Samples } from '../test/bench/samples.ts';
import { measureSidecar } from '../test/bench/sidecar.ts';
import { timedRunsUnavailable } from '../test/bench/timed-runs.ts';
import { measureWebhook } from '../test/bench/webhook.ts';
import { EXECUTABLE } from './shipped.ts';

const CPU_LIMITS = ['100m', '250m'];
const ROUNDS = {
  usual: { decision: 15, webhook: 9, fetcher: 21, limited: 15 },
  quick: { decision: 5, webhook: 3, fetcher: 5, limited: 3 },
};
/** A quick run stops the warm-up of both servers early, when V8 still optimizes the webhook: its ratio is higher. */
const QUICK_WEBHOOK = { millisecondsPerRound: 1000, warmUpMilliseconds: 5000 };

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    cpu: { type: 'string', multiple: true },
  },
});
const cpu = values.cpu ?? CPU_LIMITS;
const limits = cpu.map(parseMillicores).filter((one) => one !== undefined);
if (limits.length < cpu.length) {
  process.stderr.write(`--cpu ${cpu.join(' --cpu ')}: expected limits from 10m to 900m, such as 100m\n`);
  process.exit(2);
}
const unavailable = timedRunsUnavailable();
if (unavailable !== undefined) {
  process.stderr.write(`the bench cannot run here: ${unavailable}\n`);
  process.exit(1);
}
const rounds = values.quick ? ROUNDS.quick : ROUNDS.usual;
const samples = new Samples();
const rows: Row[] = [];
/** What was measured, by group. */
const figures: Record<string, unknown> = {};
const progress = (text: string): void => void process.stderr.write(`${text} …\n`);

async function measure<Figures>(
  name: string,
  take: () => Promise<Figures>,
  makeRows: (figures: Figures) => readonly Row[],
): Promise<void> {
  progress(name);
  const taken = await take();
  figures[name] = taken;
  rows.push(...makeRows(taken));
}

/** The fetcher under each limit of CPU. */
async function measureLimits(stage: FetcherStage): Promise<void> {
  for (const millicores of limits)
    await measure(
      `fetcher with a CPU limit of ${millicores}m`,
      () => measureLimited(stage, samples, { millicores, rounds: rounds.limited }),
      (taken) => limitedRows(taken, ROUND_TRIP),
    );
}

async function measureAll(stage: FetcherStage): Promise<void> {
  await measure(
    'webhook',
    () => measureWebhook(samples, { rounds: rounds.webhook, ...(values.quick ? QUICK_WEBHOOK : {}) }),
    webhookRows,
  );
  await measure('decision', () => measureDecision(samples, rounds.decision), decisionRows);
  await measure('fetcher', () => measureFetcher(stage, samples, rounds.fetcher), fetcherRows);
  await measureLimits(stage);
  await measure('sidecar', () => measureSidecar(stage.program, samples, !values.quick), sidecarRows);
}

pinBench();
{
  await using stage = await openFetcherStage(path.resolve(import.meta.dirname, '../dist', EXECUTABLE));
  if (values.cpu === undefined) await measureAll(stage);
  else await measureLimits(stage);
}

if (values.json) {
  const counts = Object.fromEntries(samples.counts);
  process.stdout.write(`${JSON.stringify({ ...figures, rows, samples: counts }, undefined, 2)}\n`);
} else {
  process.stdout.write(formatRows(rows));
  process.stdout.write(`\n${describeSamples(samples.counts)}\n`);
  process.stdout.write(`\nNode ${process.version}. Medians of the samples; with a CPU limit, means.\n`);
}
