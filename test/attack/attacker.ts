/** A process that attacks a webhook until it is ended, and then prints what it did as a line of JSON. */
import { setPriority } from 'node:os';
import { ATTACKS } from './attacks.ts';
import { done, goTo, type Target } from './pressure.ts';

const [name = '', targetJson = '{}'] = process.argv.slice(2);
const target = JSON.parse(targetJson) as Target;
const attack = ATTACKS[name];
if (attack === undefined) throw new Error(`no attack is called ${name}`);

// Attackers run on other machines: they send what they can, and take no processor from the webhook.
setPriority(10);

const parent = process.ppid;
let most = 0;
setInterval(() => {
  most = Math.max(most, done.open);
  // An attack does not outlive the test that began it.
  if (process.ppid !== parent) process.exit(1);
}, 50);
process.on('uncaughtException', (error) => {
  process.stderr.write(`attacker: ${error.message}\n`);
});
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ ...done, open: most })}\n`, () => process.exit(0));
});
goTo(target);
attack(target);
process.stdout.write('{"ready":true}\n');
