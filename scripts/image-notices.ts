/** Writes the licenses of everything that the image contains: `node scripts/image-notices.ts FILE`. */
import { writeFileSync } from 'node:fs';
import { bundledPackages } from './bundled-packages.ts';
import { notices } from './third-party-notices.ts';

const [target] = process.argv.slice(2);
if (target === undefined) {
  process.stderr.write('usage: node scripts/image-notices.ts FILE\n');
  process.exitCode = 2;
} else {
  const head = 'This product contains the packages below. Node.js has a file of its own, NODE-LICENSE.txt.\n';
  writeFileSync(target, [head, notices(bundledPackages())].join('\n'));
}
