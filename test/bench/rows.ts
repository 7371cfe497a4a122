/** The rows of the bench: each measurement beside its budget. */
import type { DecisionFigures } from './decision.ts';
import type { FetcherFigures } from './fetcher.ts';
import type { LimitedFigures, Unmeasured } from './limited.ts';
import type { SidecarFigures } from './sidecar.ts';
import type { WebhookFigures } from './webhook.ts';

export interface Row {
  readonly measurement: string;
  /** Without one, the row is for information. */
  readonly budget?: string;
  readonly measured: string;
  /** False also if nothing could be measured. Undefined for information. */
  readonly isMet?: boolean;
}

const KIB = 1024;
const fixed = (value: number, digits = 2): string => value.toFixed(digits);
const ms = (value: number): string => `${fixed(value, 0)} ms`;

function upTo(measurement: string, value: number, most: number, unit: string, digits = 2): Row {
  return {
    measurement,
    budget: `≤ ${fixed(most, digits)}${unit}`,
    measured: `${fixed(value, digits)}${unit}`,
    isMet: value <= most,
  };
}

/** A row that could not be measured. It is not met. */
export function unmeasured(measurement: string, reason: string): Row {
  return { measurement, measured: `not measured: ${reason}`, isMet: false };
}

export function webhookRows(figures: WebhookFigures): readonly Row[] {
  const [bare, ours] = figures.rows;
  const load = `${fixed(figures.podBytes / KIB, 1)} KB pod, ${figures.connections} connections`;
  const costs = `${ours.cpuMicrosecondsPerRequest} and ${bare.cpuMicrosecondsPerRequest} µs`;
  return [
    upTo(
      `webhook CPU per review with its log, ${load}, times Fastify's (${costs})`,
      figures.cpuRatio,
      1.6,
      ' ×',
    ),
    upTo("webhook p99 in that run, times Fastify's", figures.p99Ratio, 1.5, ' ×'),
    upTo(
      `webhook memory in that run, above Fastify's (${ours.rssMegabytesMost} and ${bare.rssMegabytesMost} MB)`,
      ours.rssMegabytesMost - bare.rssMegabytesMost,
      20,
      ' MB',
      0,
    ),
    {
      measurement: 'webhook throughput in that run, on one core, share of Fastify’s',
      measured: `${fixed(figures.throughputRatio)} (${ours.requestsPerSecond} of ${bare.requestsPerSecond} a second)`,
    },
  ];
}

export function decisionRows(figures: DecisionFigures): readonly Row[] {
  const { growth, worst } = figures;
  const [first, last] = [growth[0], growth.at(-1)];
  const sizes = (last?.containers ?? 1) / (first?.containers ?? 1);
  const times = (last?.microseconds ?? 0) / (first?.microseconds ?? 1);
  return [
    upTo(
      `decision, ${fixed(figures.podBytes / KIB, 1)} KB pod (${fixed(figures.parseMicroseconds, 0)} µs of it JSON.parse)`,
      figures.reviewMicroseconds,
      60,
      ' µs',
      0,
    ),
    // Containers times references are what the patch and the checks grow with; 1 is exactly that product.
    upTo(
      `decision at ${last?.containers} containers and ${last?.references} references (${fixed((last?.microseconds ?? 0) / 1000, 1)} ms), growth against the product of both`,
      times / sizes ** 2,
      1,
      ' ×',
    ),
    upTo(
      `decision, worst of the pods with one large part (${worst.part}, ${fixed(worst.bytes / KIB / KIB, 1)} MiB)`,
      worst.milliseconds,
      50,
      ' ms',
      0,
    ),
  ];
}

export function fetcherRows(figures: FetcherFigures): readonly Row[] {
  const { bareNode, loopback, delayed, many, roundTrip: trip } = figures;
  const above = (measurement: string, value: number, most: number): Row =>
    upTo(measurement, value, most, ' ms', 0);
  return [
    upTo('fetcher CPU, one secret, loopback, times `node -e 0`', figures.cpuRatio, 2.4, ' ×'),
    upTo('fetcher memory', figures.rssMegabytes, 64, ' MB', 0),
    upTo(
      `fetcher, one secret, loopback, times \`node -e 0\` (${ms(loopback)} and ${ms(bareNode)})`,
      figures.loopbackRatio,
      2.5,
      ' ×',
    ),
    above(
      `fetcher, one secret, ${trip} ms round trips, above \`node -e 0\` (${ms(delayed)} in all)`,
      figures.delayedAbove,
      4 * trip + 30,
    ),
    above(
      `fetcher, 20 secrets in two Regions, ${trip} ms round trips, above one secret (${ms(many)} in all)`,
      figures.manyAbove,
      2 * trip + 15,
    ),
    upTo(
      'fetcher, 500 references to one secret, loopback, times one reference',
      figures.referencesRatio,
      2,
      ' ×',
    ),
  ];
}

/** The least CPU limit that the webhook computes, for small Guaranteed pods. */
const BUDGETED_MILLICORES = 100;

export function limitedRows(figures: LimitedFigures | Unmeasured, roundTrip: number): readonly Row[] {
  const under = `fetcher, one secret, CPU limit of ${figures.millicores}m`;
  if ('reason' in figures) return [unmeasured(under, figures.reason)];
  const { bareNode, loopback, delayed } = figures;
  const onLoopback = `${under}, loopback, times \`node -e 0\` (${ms(loopback)} and ${ms(bareNode)})`;
  return [
    figures.millicores === BUDGETED_MILLICORES
      ? upTo(onLoopback, loopback / bareNode, 2.5, ' ×')
      : { measurement: onLoopback, measured: `${fixed(loopback / bareNode)} ×` },
    {
      measurement: `${under}, ${roundTrip} ms round trips, times \`node -e 0\``,
      measured: `${fixed(delayed / bareNode)} × (${ms(delayed)})`,
    },
  ];
}

export function sidecarRows(figures: SidecarFigures): readonly Row[] {
  const { idle } = figures;
  return [
    upTo('sidecar memory between looks', figures.residentMegabytes, 45, ' MB', 0),
    upTo(
      'sidecar memory between looks, without the pages of the executable',
      figures.privateMegabytes,
      16,
      ' MB',
      0,
    ),
    { measurement: 'sidecar CPU of a look', measured: ms(figures.lookMilliseconds) },
    ...(idle === undefined
      ? []
      : [upTo(`sidecar CPU in ${idle.seconds} s between looks`, idle.milliseconds, 0, ' ms', 0)]),
  ];
}

/** The rows as a table in Markdown. */
export function formatRows(rows: readonly Row[]): string {
  const met = ({ isMet }: Row): string => (isMet === undefined ? '–' : isMet ? 'yes' : '**no**');
  const cells = rows.map((row) => [row.measurement, row.budget ?? '–', row.measured, met(row)]);
  const head = ['measurement', 'budget', 'result', 'met'];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |\n`).join('');
}
