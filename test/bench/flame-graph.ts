/** A CPU profile of the webhook under load, after a warm-up. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CpuProfile, Window } from '../pictures/cpu-profile.ts';
import { makeLeaf } from '../server/certificates.ts';
import { deploymentFlags } from '../server/deployment-flags.ts';
import { withDirectory } from '../server/directory.ts';
import { bundle, startNode, startWebhookProcess } from '../server/processes.ts';
import { onCore } from './cores.ts';
import type { LoadResult } from './webhook-load.ts';
import { benchReview } from './webhook-review.ts';

export interface ProfiledLoad {
  readonly profile: CpuProfile;
  /** The load after the warm-up. */
  readonly window: Window;
  /** Of the bundle in the profile. */
  readonly sourceMap: string;
  readonly requestsPerSecond: number;
  readonly connections: number;
}

/** The webhook, with the names of its functions. */
export const NAMED_BUNDLE = 'webhook-named.cjs';

const CONNECTIONS = 16;
/** Longer than V8 needs to optimize what is hot. */
const WARM_UP_MILLISECONDS = 10_000;
/** In microseconds. */
const SAMPLING_INTERVAL = 500;

/** Profiles the webhook with the flags of its Deployment. It and the load have a core each. */
export async function profileWebhook(milliseconds: number): Promise<ProfiledLoad> {
  return await withDirectory(async (directory) => {
    const file = (name: string): string => path.join(directory, name);
    const leaf = await makeLeaf();
    await mkdir(file('profiles'));
    await Promise.all([
      writeFile(file('review.json'), benchReview()),
      writeFile(file('tls.crt'), leaf.cert),
      writeFile(file('tls.key'), leaf.key),
      bundle('test/bench/webhook-load.ts', file('load.mjs')),
      // Names of functions stay readable, and the map has their files.
      bundle('src/webhook/main.ts', file(NAMED_BUNDLE), {
        minify: false,
        sourcemap: true,
        sourcesContent: false,
      }),
    ]);
    const webhook = await startWebhookProcess({
      directory,
      file: file(NAMED_BUNDLE),
      nodeFlags: [
        ...deploymentFlags(),
        ...['--cpu-prof', `--cpu-prof-interval=${SAMPLING_INTERVAL}`, `--cpu-prof-dir=${file('profiles')}`],
      ],
      wrap: onCore('programs'),
    });
    webhook.discardLog();
    const load = async (duration: number): Promise<LoadResult> => {
      const args = [file('load.mjs'), webhook.port, file('review.json'), CONNECTIONS, duration];
      const client = await startNode(args.map(String), { wrap: onCore('others') });
      await client.ended;
      return client.firstLine as unknown as LoadResult;
    };
    await load(WARM_UP_MILLISECONDS);
    const from = now();
    const { requests, seconds } = await load(milliseconds);
    const window = { from, to: now() };
    // It writes the profile when it ends.
    webhook.kill('SIGTERM');
    await webhook.ended;
    const [name = ''] = readdirSync(file('profiles'));
    return {
      profile: JSON.parse(readFileSync(path.join(directory, 'profiles', name), 'utf8')) as CpuProfile,
      window,
      sourceMap: readFileSync(file(`${NAMED_BUNDLE}.map`), 'utf8'),
      requestsPerSecond: requests / seconds,
      connections: CONNECTIONS,
    };
  });
}

/** Microseconds on the monotonic clock, which profiles have too. */
function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
