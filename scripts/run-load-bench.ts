/** Prints how the webhook bears loads of every kind, a soak of minutes, and pods through a real API server. */
import { parseArgs } from 'node:util';
import { measureApiServer } from '../test/bench/api-server.ts';
import { measureLoad } from '../test/bench/load.ts';
import { soak } from '../test/bench/soak.ts';
import { clusterUnavailable } from '../test/cluster/cluster.ts';

const PARTS = ['matrix', 'soak', 'api-server'] as const;

const { values } = parseArgs({
  options: {
    load: { type: 'boolean' },
    quick: { type: 'boolean', default: false },
    /** Of the soak. */
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
});
const print = (...cells: readonly (string | number)[]): void =>
  void process.stdout.write(`| ${cells.join(' | ')} |\n`);
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KiB`;

for (const part of PARTS.filter((one) => one.includes(values.only))) {
  switch (part) {
    case 'matrix':
      await printMatrix();
      break;
    case 'soak':
      await printSoak(values.quick ? 1 : Number(values.minutes));
      break;
    case 'api-server':
      await printApiServer();
      break;
  }
}

async function printMatrix(): Promise<void> {
  const [rounds, milliseconds] = values.quick ? [1, 1000] : [3, 2000];
  print(
    'review',
    'connections',
    'reviews/s',
    'of Fastify',
    'CPU, × Fastify',
    'p99 (ms)',
    'refused',
    'RSS (MB)',
  );
  print(...Array.from({ length: 8 }, () => '---'));
  await measureLoad(rounds, milliseconds, (row) => {
    const connections = `${row.connections}, ${row.hasNewConnections ? 'one for each review' : 'kept'}`;
    const figures = [row.reviewsPerSecond, row.throughputRatio, row.cpuRatio, row.p99Milliseconds];
    print(kib(row.reviewBytes), connections, ...figures, row.refused, row.rssMegabytesMost);
  });
  process.stdout.write(`\nNode ${process.version}; medians of ${rounds} interleaved rounds.\n\n`);
}

async function printSoak(minutes: number): Promise<void> {
  const { reviews, refused, rssMegabytes, megabytesPerMinute } = await soak(minutes);
  process.stdout.write(
    `Soak of ${minutes} minutes, 16 connections: ${reviews} reviews, ${refused} refused. Memory, the most of each minute: ${rssMegabytes.join(', ')} MB; ${megabytesPerMinute.toFixed(2)} MB per minute after the first fifth.\n\n`,
  );
}

async function printApiServer(): Promise<void> {
  const reason = clusterUnavailable('control-plane');
  if (reason !== undefined) return void process.stdout.write(`API server: skipped: ${reason}\n`);
  const [rounds, pods] = values.quick ? [3, 100] : [9, 300];
  const { kubernetes, rows, webhookMilliseconds } = await measureApiServer(rounds, pods);
  print('connections', 'pods', 'per second', 'of plain', 'creation (ms)', 'failures');
  print(...Array.from({ length: 6 }, () => '---'));
  for (const { connections, kind, perSecond, ratio, creationMilliseconds, failures } of rows)
    print(connections, kind, perSecond, ratio, creationMilliseconds, failures);
  const waits = [...webhookMilliseconds].map(
    ([connections, ms]) => `${ms} ms with ${connections} connection${connections === 1 ? '' : 's'}`,
  );
  process.stdout.write(
    `\nThe API server waited for the webhook ${waits.join(', and ')} (means).\n` +
      `Kubernetes ${kubernetes}; medians of ${rounds} interleaved rounds of ${pods} pods.\n`,
  );
}
