/** The product on a real cluster. All scenarios share one cluster and use separate namespaces. */
import { afterAll, beforeAll, describe } from 'vitest';
import { clusterUnavailable } from './cluster.ts';
import { attacks } from './product/scenarios/attacks.ts';
import { availability } from './product/scenarios/availability.ts';
import { bypassed } from './product/scenarios/bypassed.ts';
import { databaseRotation } from './product/scenarios/database-rotation.ts';
import { failover } from './product/scenarios/failover.ts';
import { failures } from './product/scenarios/failures.ts';
import { guides } from './product/scenarios/guides.ts';
import { leaks } from './product/scenarios/leaks.ts';
import { load } from './product/scenarios/load.ts';
import { modes } from './product/scenarios/modes/modes.ts';
import { oldKubelet } from './product/scenarios/modes/old-kubelet.ts';
import { neighbours } from './product/scenarios/neighbours/neighbours.ts';
import { operatorPolicy } from './product/scenarios/operator-policy.ts';
import { policies } from './product/scenarios/policies.ts';
import { refresh } from './product/scenarios/refresh.ts';
import { refreshShapes } from './product/scenarios/refresh-shapes.ts';
import { refreshedFiles } from './product/scenarios/refreshed-files.ts';
import { roles } from './product/scenarios/roles.ts';
import { rollingRestart } from './product/scenarios/rolling-restart.ts';
import { untouched } from './product/scenarios/untouched.ts';
import { volumes } from './product/scenarios/volumes.ts';
import { workloads } from './product/scenarios/workloads.ts';
import { type Stage, startStage } from './product/stage.ts';

const unavailable = clusterUnavailable('node');
if (unavailable !== undefined) process.stderr.write(`the cluster tests are skipped: ${unavailable}\n`);

describe.skipIf(unavailable !== undefined)('the product on a cluster', () => {
  let started: Stage | undefined;
  const stage = (): Stage => {
    if (started === undefined) throw new Error('the stage did not start');
    return started;
  };
  beforeAll(async () => {
    started = await startStage();
  });
  afterAll(async () => {
    await started?.[Symbol.asyncDispose]();
  });

  workloads(stage);
  modes(stage);
  volumes(stage);
  refresh(stage);
  failures(stage);
  failover(stage);
  databaseRotation(stage);
  refreshedFiles(stage);
  rollingRestart(stage);
  roles(stage);
  policies(stage);
  refreshShapes(stage);
  operatorPolicy(stage);
  neighbours(stage);
  // After the tests that need an agent that is not ready.
  guides(stage);
  untouched(stage);
  load(stage);
  availability(stage);
  attacks(stage);
  bypassed(stage);
  oldKubelet(stage);
  leaks(stage);
});
