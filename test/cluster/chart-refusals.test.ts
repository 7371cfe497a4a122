/** Installations of the chart that Helm or the API server refuses: each with a clear message, and nothing is left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHART, helmUnavailable, NAME, provideHelm } from '../helm/helm.ts';
import { Release } from './chart/release.ts';
import { untilNothingRemains } from './chart/remains.ts';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { Api } from './product/api.ts';
import { HELM_VERSIONS, type HelmVersion } from './toolchain/versions.ts';

const unavailable = clusterUnavailable('control-plane') ?? helmUnavailable('4') ?? helmUnavailable('3');
if (unavailable !== undefined)
  process.stderr.write(`the tests of refused installations are skipped: ${unavailable}\n`);

const SECRET = `secret/${NAME}-webhook-ca`;
const IN_NAMESPACE = `--namespace=${NAME}`;

describe.skipIf(unavailable !== undefined)('installations of the chart that are refused', () => {
  let api: Api;
  const releases = new Map<HelmVersion, Release>();

  beforeAll(async () => {
    api = new Api(await startCluster({ level: 'control-plane' }));
    for (const version of HELM_VERSIONS) releases.set(version, new Release(api, await provideHelm(version)));
    await api.kubectl('create', 'namespace', NAME);
    // Building Helm takes minutes.
  }, 1_800_000);
  afterAll(async () => {
    await api?.cluster.stop();
  });

  describe.each(HELM_VERSIONS)('Helm %s', (version) => {
    /** Tries to install. @returns the message */
    const refusal = async (...flags: readonly string[]): Promise<string> => {
      const run = await releases.get(version)?.helm('install', NAME, CHART, ...flags);
      expect(run?.status).toBe(1);
      return run?.stderr ?? '';
    };
    // Helm 3 keeps a record of a failed installation.
    const forget = async () => await releases.get(version)?.helm('uninstall', NAME, '--no-hooks');

    it('a Secret of another owner with the name of the CA', async () => {
      await api.kubectl(IN_NAMESPACE, 'create', 'secret', 'generic', `${NAME}-webhook-ca`);
      const message = await refusal();
      expect(message).toContain(
        `Secret "${NAME}-webhook-ca" in namespace "${NAME}" exists and cannot be imported`,
      );
      await forget();
      await api.kubectl(IN_NAMESPACE, 'delete', SECRET);
      await untilNothingRemains(api);
    });

    it('missing rights: an administrator of the namespace alone', async () => {
      await api.kubectl(
        IN_NAMESPACE,
        'create',
        'rolebinding',
        'administrators',
        '--clusterrole=admin',
        '--user=dev',
      );
      const message = await refusal('--kube-as-user=dev');
      expect(message).toMatch(/User "dev" cannot (?:get|create) resource "\w+" in API group "[\w.]+"/);
      await forget();
      await api.kubectl(IN_NAMESPACE, 'delete', 'rolebinding', 'administrators');
      await untilNothingRemains(api);
    });
  });
});
