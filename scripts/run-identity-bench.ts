/**
 * Compares the start of a pod with IRSA and with EKS Pod Identity. Needs root: it runs again in a network namespace of its
 * own, with the address of the agent on its loopback device, so that nothing outside is affected.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { AGENT_ADDRESS, measureIdentity } from '../test/bench/identity.ts';
import { EXECUTABLE } from './shipped.ts';

const INSIDE = '--inside';
const isQuick = process.argv.includes('--quick');

if (process.argv.includes(INSIDE)) {
  const file = path.resolve(import.meta.dirname, '../dist', EXECUTABLE);
  const {
    rows,
    rounds,
    bareNodeMilliseconds: bare,
    roundTripMilliseconds: trip,
  } = await measureIdentity(file, isQuick ? 5 : 21);
  const [irsa] = rows;
  const show = (value: number, base: number | undefined) =>
    `${value.toFixed(0)} ms (${(value / (base ?? value)).toFixed(2)} ×)`;
  process.stdout.write(
    `| identity | AWS on loopback | AWS behind ${trip} ms round trips |\n| --- | --- | --- |\n`,
  );
  for (const { identity, loopback, delayed } of rows)
    process.stdout.write(
      `| ${identity} | ${show(loopback, irsa?.loopback)} | ${show(delayed, irsa?.delayed)} |\n`,
    );
  process.stdout.write(
    `\nNode ${process.version}; \`node -e 0\` took ${bare.toFixed(1)} ms; medians of ${rounds} interleaved rounds.\n`,
  );
} else {
  const script = `ip link set lo up && ip address add ${AGENT_ADDRESS}/32 dev lo && exec "$@"`;
  const again = [process.execPath, import.meta.filename, INSIDE, ...(isQuick ? ['--quick'] : [])];
  const { status, error } = spawnSync('unshare', ['--net', 'sh', '-c', script, 'sh', ...again], {
    stdio: 'inherit',
  });
  if (error !== undefined || status !== 0) {
    process.stderr.write('bench --identity needs root, unshare (util-linux) and ip (iproute2)\n');
    process.exitCode = 1;
  }
}
