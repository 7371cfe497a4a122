/** The Helm chart in a real cluster, with pods of the project's image: install, test, upgrade, rollback, uninstall. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandIn, startStandIn } from '../aws-fake/index.ts';
import { CHART, helmUnavailable, NAME, objectsIn, provideHelm } from '../helm/helm.ts';
import { IMAGE_FLAGS, previousChart, Release } from './chart/release.ts';
import { remains, untilNothingRemains } from './chart/remains.ts';
import { Story } from './chart/story.ts';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { neighboursUnavailable } from './neighbours/neighbour.ts';
import { Api, type KubernetesObject, NAMESPACE_LABEL } from './product/api.ts';
import { clusterIssuer } from './product/cluster-keys.ts';
import { buildImageArchive } from './product/product-image.ts';
import { HELM_VERSIONS, type HelmVersion } from './toolchain/versions.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('node') ?? helmUnavailable('4') ?? helmUnavailable('3');
if (unavailable !== undefined) process.stderr.write(`the tests of the chart are skipped: ${unavailable}\n`);

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf';
const IN_NAMESPACE = `--namespace=${NAME}`;
const REGISTRATION = `mutatingwebhookconfiguration/${NAME}`;
const CA = `secret/${NAME}-webhook-ca`;

function requestingPod(namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'app', annotations: { 'secrets-injector.dev/file.db': ARN } },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  };
}

describe.skipIf(unavailable !== undefined)('the chart in a cluster', () => {
  let api: Api;
  let aws: StandIn;
  let namespace = '';
  const helms = new Map<HelmVersion, string>();

  beforeAll(async () => {
    for (const version of HELM_VERSIONS) helms.set(version, await provideHelm(version));
    api = new Api(await startCluster({ level: 'node' }));
    const { facts } = api.cluster;
    const host = facts.bridgeAddress;
    aws = await startStandIn({ host, extraNames: [host], issuer: clusterIssuer(facts) });
    await api.cluster.importImage(buildImageArchive(facts.directory, aws.caPem));
    namespace = await api.namespace();
    // Building Helm, and waiting for another cluster, take minutes.
  }, 2_400_000);
  afterAll(async () => {
    await aws?.stop();
    await api?.cluster.stop();
  });

  const release = (version: HelmVersion, name?: string, where?: string): Release =>
    new Release(api, helms.get(version) ?? '', name, where);

  /** What happens to a pod that requests a secret: `injected`, `not injected`, or the rejection. */
  async function requestPod(): Promise<string> {
    const { status, stdout, stderr } = await api.create(
      requestingPod(namespace),
      '--dry-run=server',
      '--output=json',
    );
    if (status !== 0) return stderr;
    return stdout.includes('"aws-secrets-fetch"') ? 'injected' : 'not injected';
  }

  /** The CA in the Secret and in the registration. */
  async function trust(): Promise<readonly string[]> {
    return [
      await api.kubectl(IN_NAMESPACE, 'get', CA, '--output=jsonpath={.data}'),
      await api.kubectl('get', REGISTRATION, '--output=jsonpath={.webhooks[0].clientConfig.caBundle}'),
    ];
  }

  it.skipIf(neighboursUnavailable() !== undefined)(
    'README.md on a new cluster: installed, used and uninstalled with its commands, and nothing is left',
    async () => {
      await using story = new Story(api, helms.get('4') ?? '');
      await story.install(aws);
      const { value, variable, file } = await story.use(aws);
      expect(file).toBe(JSON.stringify(value));
      expect(value).toMatchObject({ password: variable.trimEnd() });
      await story.uninstall();
      await untilNothingRemains(api);
      // The story ends with the labels of all namespaces.
      await api.kubectl('label', 'namespace', namespace, `${NAMESPACE_LABEL}=enabled`);
    },
  );

  describe.each(HELM_VERSIONS)('Helm %s', (version) => {
    const mine = () => release(version);

    it('installs the chart of the last change, and upgrades to this one', async (context) => {
      const previous = previousChart(path.join(api.cluster.facts.directory, `previous-${version}`));
      if ('missing' in previous) return context.skip(previous.missing);
      await mine().install(previous.chart);
      await until('injection', { seconds: 30 }, async () => (await requestPod()) === 'injected' || undefined);
      const before = await trust();
      await mine().upgrade();
      expect(await requestPod()).toBe('injected');
      expect(await trust()).toEqual(before);
      await mine().uninstall();
      await untilNothingRemains(api);
    });

    it('installs with one command, and says what to do next', async () => {
      const { stdout } = await mine().install();
      expect(stdout).toContain(`helm test ${NAME} --namespace ${NAME}`);
      expect(stdout).not.toContain('WARNING');
      await until('injection', { seconds: 30 }, async () => (await requestPod()) === 'injected' || undefined);
    });

    it('helm test passes, and leaves nothing', async () => {
      const before = await remains(api);
      const { stdout, stderr } = await mine().must('test', NAME);
      expect(stdout + stderr).toContain('ok    injection');
      expect(stdout + stderr).toContain('ok    guard');
      await until('the test to be removed', { seconds: 90 }, async () => {
        expect(await remains(api)).toEqual(before);
        return true;
      });
    });

    it('a second release is refused, and the first one goes on', async () => {
      const second = release(version, 'second', 'elsewhere');
      const { status, stderr } = await second.helm(
        'install',
        'second',
        CHART,
        '--create-namespace',
        ...IMAGE_FLAGS,
      );
      expect(status).toBe(1);
      expect(stderr).toContain('cannot be imported into the current release');
      expect(stderr).toContain('meta.helm.sh/release-name');
      expect(stderr).toContain(`"${NAME}"`);
      expect(await requestPod()).toBe('injected');
      await second.helm('uninstall', 'second', '--no-hooks');
      expect(await requestPod()).toBe('injected');
    });

    it('upgrades and rolls back, with the same CA and without a rejected pod', async () => {
      const before = await trust();
      let isOver = false;
      const outcomes = new Set<string>();
      const watching = (async () => {
        while (!isOver) outcomes.add(await requestPod());
      })();
      await mine().upgrade(CHART, '--set=podAnnotations.changed=yes', '--set-json=policy={"rules":[]}');
      await mine().must('rollback', NAME, '--wait', '--timeout=180s');
      isOver = true;
      await watching;
      expect([...outcomes]).toEqual(['injected']);
      expect(await trust()).toEqual(before);
      expect(await remains(api)).not.toContain(
        `${REGISTRATION.replace('/', `.admissionregistration.k8s.io/zz-`)}`,
      );
    });

    it.runIf(version === '4')('helm test says what failed, in words', async () => {
      const failure = async (): Promise<string> => {
        const { status, stdout, stderr } = await mine().helm('test', NAME);
        expect(status).not.toBe(0);
        return stdout + stderr;
      };
      await api.kubectl('delete', REGISTRATION);
      await api.kubectl('delete', `validatingadmissionpolicybinding/${NAME}-not-opted-in`);
      const text = await failure();
      expect(text).toContain('FAIL  injection: the pod was not injected, and the guard rejected it');
      expect(text).toContain('FAIL  guard: the guard is missing');
      await mine().upgrade();
      await api.kubectl(IN_NAMESPACE, 'scale', `deployment/${NAME}`, '--replicas=0');
      await until(
        'no endpoint',
        { seconds: 90 },
        async () => (await requestPod()).includes('no endpoints available') || undefined,
      );
      expect(await failure()).toContain('No replica is ready.');
      await mine().upgrade(CHART, '--force-conflicts');
      await until('injection', { seconds: 30 }, async () => (await requestPod()) === 'injected' || undefined);
    });

    it('the uninstallation lists workloads that request secrets, and deletes nothing', async () => {
      const workload = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace, name: 'web' },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' }, annotations: { 'secrets-injector.dev/file.db': ARN } },
            spec: { containers: [{ name: 'app', image: 'app' }] },
          },
        },
      };
      await api.mustCreate(workload);
      // Of the replicas before the last upgrade, some may still drain.
      await until('two replicas', { seconds: 90 }, async () => {
        const pods = await api.kubectl(IN_NAMESPACE, 'get', 'pods', '--output=name');
        return pods.trim().split('\n').length === 2 || undefined;
      });
      const before = await remains(api);
      const { status, stdout, stderr } = await mine().helm('uninstall', NAME);
      expect(status).not.toBe(0);
      expect(stdout + stderr).toContain(`Deployment ${namespace}/web`);
      expect(stdout + stderr).toContain('--no-hooks');
      expect(await remains(api)).toEqual(before);
      expect(await requestPod()).toBe('injected');
      // Helm refuses to upgrade a release with this status. The output contains the command that restores it.
      const [, command = ''] = /helm (rollback \S+ \d+ --namespace [\w-]+)/.exec(stdout + stderr) ?? [];
      expect((await mine().helm('upgrade', NAME, CHART)).stderr).toContain('no deployed releases');
      await mine().must(...command.split(' '), '--wait', '--timeout=180s');
      await mine().upgrade(CHART, '--set=uninstallCheck=warn');
    });

    it('uninstalls in an order in which no pod calls a webhook that is gone, and leaves nothing', async () => {
      let isOver = false;
      const outcomes: string[] = [];
      const watching = (async () => {
        while (!isOver) outcomes.push(await requestPod());
      })();
      const { stdout, stderr } = await mine().uninstall();
      isOver = true;
      await watching;
      expect(stdout + stderr).toContain(`Deployment ${namespace}/web`);
      // Then the guard rejects pods, until it is deleted as well.
      const kinds = outcomes.map((outcome) =>
        outcome.includes('ValidatingAdmissionPolicy') ? 'guard' : outcome,
      );
      expect(kinds.filter((kind) => !['injected', 'guard', 'not injected'].includes(kind))).toEqual([]);
      await untilNothingRemains(api);
      await api.kubectl(`--namespace=${namespace}`, 'delete', 'deployment/web');
    });
  });

  it('GitOps: objects that are applied twice show no difference, and caBundle and the CA stay', async () => {
    const { stdout } = await release('4').must(
      'template',
      NAME,
      CHART,
      ...IMAGE_FLAGS,
      '--set=secondPass.enabled=true',
    );
    const items = objectsIn(stdout).filter((object) => !JSON.stringify(object).includes('"helm.sh/hook"'));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const apply = async (command: string, manager: string) =>
      await api.cluster.kubectl(
        // As both tools do: the defaults of atomic fields, such as matchConstraints, conflict with those of another tool.
        [command, '--server-side', '--force-conflicts', `--field-manager=${manager}`, '--filename=-'],
        list,
      );
    for (const manager of ['argocd-controller', 'kustomize-controller']) {
      const applied = await apply('apply', manager);
      expect(applied.status, applied.stderr).toBe(0);
      await api.kubectl(IN_NAMESPACE, 'rollout', 'status', `deployment/${NAME}`, '--timeout=180s');
      await until('injection', { seconds: 60 }, async () => (await requestPod()) === 'injected' || undefined);
      const before = await trust();
      // A difference has exit code 1 and is printed.
      const diff = await apply('diff', manager);
      expect(diff.stdout).toBe('');
      expect(diff.status, diff.stderr).toBe(0);
      const again = await apply('apply', manager);
      expect(again.status, again.stderr).toBe(0);
      expect(await trust()).toEqual(before);
      expect(before.join('')).not.toBe('');
    }
  });

  it('Helm takes over objects that another tool applied, with the same CA', async () => {
    const before = await trust();
    const { status, stderr } = await release('4').helm('install', NAME, CHART, ...IMAGE_FLAGS);
    expect(status).toBe(1);
    expect(stderr).toContain('invalid ownership metadata');
    await release('4').install(
      CHART,
      '--take-ownership',
      '--force-conflicts',
      '--set=secondPass.enabled=true',
    );
    expect(await requestPod()).toBe('injected');
    expect(await trust()).toEqual(before);
    await release('4').uninstall();
    await untilNothingRemains(api);
  });
});
