/** The guard's policies on a real API server, without the webhook and without a node. */
import { afterAll, beforeAll, describe } from 'vitest';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { Api } from './product/api.ts';
import { applyGuard } from './product/guard.ts';
import { guardedContainers } from './product/scenarios/guard/containers.ts';
import { guardedFailover } from './product/scenarios/guard/failover.ts';
import { guardedGolden } from './product/scenarios/guard/golden.ts';
import { guardedIdentity } from './product/scenarios/guard/identity.ts';
import { guardedManifestFile } from './product/scenarios/guard/manifest-file.ts';
import { guardedMutations } from './product/scenarios/guard/mutated-plans.ts';
import { guardedNative } from './product/scenarios/guard/native.ts';
import { guardedPinVersion } from './product/scenarios/guard/pin-version.ts';
import { guardedPlans } from './product/scenarios/guard/plans.ts';
import { guardedRefresh } from './product/scenarios/guard/refresh.ts';
import { guardedLargeRequest, guardedRequests } from './product/scenarios/guard/requests.ts';
import { guardedShell } from './product/scenarios/guard/shell.ts';
import { guardedUpdates } from './product/scenarios/guard/updates.ts';

const unavailable = clusterUnavailable('control-plane');
if (unavailable !== undefined) process.stderr.write(`the tests of the guard are skipped: ${unavailable}\n`);

describe.skipIf(unavailable !== undefined)('the guard', () => {
  let started: Api | undefined;
  const api = (): Api => {
    if (started === undefined) throw new Error('the API server did not start');
    return started;
  };
  beforeAll(async () => {
    started = new Api(await startCluster({ level: 'control-plane' }));
    await applyGuard(
      started,
      'AWS_ENDPOINT_URL=https://vpce.example\nAWS_USE_FIPS_ENDPOINT=true',
      'http://collector.example:4318/v1/traces',
    );
  });
  afterAll(async () => await started?.cluster.stop());

  guardedLargeRequest(api);
  describe.concurrent('beside each other', () => {
    guardedRequests(api);
    guardedPlans(api);
    guardedFailover(api);
    guardedManifestFile(api);
    guardedRefresh(api);
    guardedPinVersion(api);
    guardedMutations(api);
    guardedContainers(api);
    guardedIdentity(api);
    guardedUpdates(api);
    guardedShell(api);
    guardedNative(api);
    guardedGolden(api);
  });
});
