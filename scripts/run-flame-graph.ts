/** Profiles the webhook under load, draws the flame graph, and prints the share of each kind of code. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NAMED_BUNDLE, profileWebhook } from '../test/bench/flame-graph.ts';
import { callTree } from '../test/pictures/flame-graph/call-tree.ts';
import { drawFlameGraph } from '../test/pictures/flame-graph/draw.ts';
import { KINDS, type Kind, sharesOf } from '../test/pictures/flame-graph/kinds.ts';
import { locateIn } from '../test/pictures/flame-graph/locate.ts';

const { values } = parseArgs({
  options: {
    'flame-graph': { type: 'boolean' },
    quick: { type: 'boolean', default: false },
    output: {
      type: 'string',
      default: path.resolve(import.meta.dirname, '../docs/internals/webhook-flame-graph.svg'),
    },
  },
});

/** Handles a review that has arrived, at once or when its turn comes. */
const REVIEW = { name: '#decide', source: 'src/webhook/server/review-requests.ts' };

const load = await profileWebhook(values.quick ? 5_000 : 20_000);
const isReview = ({ name, source }: typeof REVIEW): boolean =>
  name === REVIEW.name && source === REVIEW.source;
const root = callTree(load.profile, load.window, locateIn(NAMED_BUNDLE, load.sourceMap), isReview);
if (!root.children.some(isReview)) throw new Error(`there is no function ${REVIEW.name} in ${REVIEW.source}`);
const rate = load.requestsPerSecond.toFixed(0);
const notes = [
  `The main thread of the webhook with ${load.connections} connections, which sent ${rate} reviews per second; ${root.total} samples of Node.js ${process.version} after a warm-up, without those in which it was idle.`,
  `Frames below 0.3 % are left out. Calls of ${REVIEW.name}, which handles a review, come from two places, and are drawn as one frame. Other threads are not in the picture.`,
  'V8 attributes native code, such as JSON.parse and encryption, to the function that called it.',
];
writeFileSync(
  values.output,
  drawFlameGraph({ title: 'Where the webhook spends its time under load', root, notes }),
);
const shares = sharesOf(root);
process.stdout.write('| code | share |\n| --- | --- |\n');
for (const kind of Object.keys(KINDS) as Kind[])
  process.stdout.write(`| ${KINDS[kind]} | ${(shares[kind] * 100).toFixed(1)} % |\n`);
process.stdout.write(`\n${notes.join('\n')}\n`);
