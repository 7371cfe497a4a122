/** A process that attacks a webhook until it is ended, and then prints what it did as a line of JSON. */
import { ATTACKS } from './attacks.ts';
import { done } from './pressure.ts';

const [name = '', port = '0', probePort = '0', metricsPort = '0'] = process.argv.slice(2);
const attack = ATTACKS[name];
if (attack === undefined) throw new Error(`no attack is called ${name}`);

let most = 0;
setInterval(() => {
  most = Math.max(most, done.open);
}, 50);
process.on('uncaughtException', (error) => {
  process.stderr.write(`attacker: ${error.message}\n`);
});
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ ...done, open: most })}\n`, () => process.exit(0));
});
attack({ port: Number(port), probePort: Number(probePort), metricsPort: Number(metricsPort) });
process.stdout.write('{"ready":true}\n');
