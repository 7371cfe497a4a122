/** Attacks the webhook for a minute each, and prints what it held. Ends with 1 if a review or a probe failed. */
import { parseArgs } from 'node:util';
import { ATTACKS } from '../test/attack/attacks.ts';
import { besiege } from '../test/attack/siege.ts';
import { withDirectory } from '../test/server/directory.ts';

const MOST_MEGABYTES = 400;

const { values } = parseArgs({
  options: {
    attack: { type: 'boolean' },
    seconds: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
  },
});
const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
const names = Object.keys(ATTACKS).filter((name) => name.includes(values.only));
let hasHeld = true;

process.stdout.write(
  '| attack | connections | at once | MB sent | reviews | lost | slowest (ms) | probes | failed | peak (MB) |\n',
);
process.stdout.write('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n');
await withDirectory(async (directory) => {
  const siege = await besiege(directory);
  try {
    for (const name of names) {
      const held = await siege.attack(name, Number(values.seconds) * 1000);
      const peak = megabytes(held.peakBytes);
      const cells = [
        ...[name, held.connections, held.heldConnections, megabytes(held.sentBytes)],
        ...[held.reviews, held.lost.length, Math.round(held.slowestMilliseconds)],
        ...[held.probes, held.failedProbes.length, peak],
      ];
      process.stdout.write(`| ${cells.join(' | ')} |\n`);
      for (const problem of new Set([...held.lost, ...held.failedProbes]))
        process.stderr.write(`${problem.trim()}\n`);
      if (held.lost.length + held.failedProbes.length > 0 || peak > MOST_MEGABYTES) hasHeld = false;
    }
    const memory = siege.isLimited
      ? 'of a cgroup of 512 MiB, with the buffers of its sockets'
      : 'resident; not limited, which requires root';
    process.stdout.write(`\nNode ${process.version}. Memory: ${memory}.\n`);
    for (const metric of ['refused_requests_total', 'dropped_connections_total'])
      process.stdout.write(`${metric}: ${JSON.stringify(await siege.metric(metric))}\n`);
  } finally {
    await siege.end();
  }
});
process.exitCode = hasHeld ? 0 : 1;
