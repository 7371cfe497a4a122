/** Other admission webhooks in the cluster. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Neighbours, neighboursUnavailable, startNeighbours } from '../../../neighbours/neighbour.ts';
import { ROLE, type Stage } from '../../stage.ts';
import { podIdentity } from '../pod-identity.ts';
import { damage } from './damage.ts';
import { lists } from './lists.ts';
import { meshes } from './meshes.ts';
import { natives } from './native.ts';
import { sidecars } from './refresh.ts';

export function neighbours(stage: () => Stage): void {
  const unavailable = neighboursUnavailable();
  if (unavailable !== undefined)
    process.stderr.write(`the tests with other webhooks are skipped: ${unavailable}\n`);
  describe.skipIf(unavailable !== undefined)('neighbours', { concurrent: true }, () => {
    let started: Neighbours | undefined;
    const running = (): Neighbours => {
      if (started === undefined) throw new Error('the other webhooks did not start');
      return started;
    };
    beforeAll(async () => {
      const folder = path.join(stage().cluster.facts.directory, 'neighbours');
      mkdirSync(folder);
      started = await startNeighbours(stage().cluster, folder, { roleArn: ROLE });
    });
    afterAll(async () => await started?.stop());

    lists(stage, running);
    meshes(stage, running);
    damage(stage, running);
    natives(stage, running);
    sidecars(stage, running);
    podIdentity(stage, running);
  });
}
