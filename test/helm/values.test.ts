/** Each value of the chart: what it changes in the objects. */
import { describe, expect, it } from 'vitest';
import { ROLLOUT_SETTINGS, readRolloutSettings } from '../../src/rollout/settings.ts';
import { variableName } from '../../src/runtime/settings/settings.ts';
import { readWebhookSettings, WEBHOOK_SETTINGS } from '../../src/webhook/settings.ts';
import { HELM_VERSIONS } from '../cluster/toolchain/versions.ts';
import {
  SET_ELSEWHERE,
  SET_ELSEWHERE_FOR_ROLLOUT,
  valueName,
} from '../unit/manifests/chart/settings-schema.ts';
import { at, type Json, listAt } from '../unit/manifests/manifest-files.ts';
import { CHART, NAME } from './helm.ts';
import { named, POD, Rendering } from './rendering.ts';

const CA = '-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----';

/** A value other than the default of each setting that the chart has as a setting, and its text in the environment. */
const SETTINGS: Readonly<Record<string, readonly [Json, string]>> = {
  'listen-port': [9443, '9443'],
  'probe-port': [9081, '9081'],
  'metrics-port': [9080, '9080'],
  'listen-address': ['10.0.0.1', '10.0.0.1'],
  'ca-lifetime': ['48h', '48h'],
  'certificate-lifetime': ['1h', '1h'],
  'client-ca-file': ['/ca/client.crt', '/ca/client.crt'],
  'drain-seconds': [0, '0'],
  'keep-alive-seconds': [3600, '3600'],
  'max-connections': [100000, '100000'],
  'log-level': ['debug', 'debug'],
  'image-pull-policy': ['Always', 'Always'],
  'https-proxy': ['http://proxy.example:3128', 'http://proxy.example:3128'],
  'no-proxy': ['vpce.amazonaws.com,10.0.0.0/8', 'vpce.amazonaws.com,10.0.0.0/8'],
  'env-mode': ['file', 'file'],
  'namespace-env-mode': [['shop=file', 'web=shell'], 'shop=file,web=shell'],
  'native-sidecars': ['available', 'available'],
  'refresh-check': ['value', 'value'],
  'cpu-request': ['10m', '10m'],
  'cpu-limit': [1, '1'],
  'memory-request': ['32Mi', '32Mi'],
  'memory-limit': ['none', 'none'],
  'require-complete-arns': [true, 'true'],
  'allowed-roles': [
    ['shop=arn:aws:iam::111122223333:role/a,b', 'web=*'],
    'shop=arn:aws:iam::111122223333:role/a,b,web=*',
  ],
  'role-token-audience': ['example', 'example'],
  'traces-ratio': [0.00001, '0.000010'],
  'native-check-interval': ['1h', '1h'],
};

/** The same for the rollout controller. */
const ROLLOUT_VALUES: Readonly<Record<string, Json>> = {
  'queue-url': 'https://sqs.eu-west-1.amazonaws.com/111122223333/secret-changes',
  'queue-region': 'eu-west-1',
  'describe-interval': '10m',
  'restart-delay': '0s',
  'max-at-once': 10,
  'max-at-once-per-namespace': 3,
  'max-per-hour': 1000,
  'max-per-hour-per-namespace': 100,
  'stuck-after': '5m',
  windows: 'Mon-Fri 22:00-04:00; Sat,Sun 00:00-24:00',
  'time-zone': 'Europe/Berlin',
  'dry-run': true,
  'drift-interval': '1h',
  'https-proxy': 'http://proxy.example:3128',
  'no-proxy': '10.0.0.0/8',
  'lease-seconds': 30,
  'listen-address': '10.0.0.1',
  'log-level': 'debug',
};

describe.each(HELM_VERSIONS)('Helm %s', (version) => {
  const chart = new Rendering(version);

  describe.skipIf(chart.missing !== undefined)('values', () => {
    it('the chart passes the strict lint', async () => {
      const { status, stdout, stderr } = await chart.lint();
      expect(status, stdout + stderr).toBe(0);
    });

    it('two renders are equal', async () => {
      const values = { secondPass: { enabled: true }, policy: { rules: [] } };
      const first = await chart.text(values);
      expect(first).toContain('kind: Deployment');
      expect(await chart.text(values)).toBe(first);
    });

    it('every setting becomes its variable, with a value that the webhook accepts', async () => {
      const names = Object.keys(WEBHOOK_SETTINGS).filter((name) => !(name in SET_ELSEWHERE));
      expect(Object.keys(SETTINGS)).toEqual(names);
      const settings = Object.fromEntries(
        Object.entries(SETTINGS).map(([name, [value]]) => [valueName(name), value]),
      );
      const variables = await chart.environment({ settings });
      for (const [name, [, text]] of Object.entries(SETTINGS))
        expect(variables[variableName(name)], name).toBe(text);
      const read = readWebhookSettings(
        [],
        Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value?.toString()])),
      );
      expect(read).toMatchObject({ kind: 'settings' });
    });

    it('settings of the rollout controller become variables that it accepts', async () => {
      const names = Object.keys(ROLLOUT_SETTINGS).filter((name) => !(name in SET_ELSEWHERE_FOR_ROLLOUT));
      expect(Object.keys(ROLLOUT_VALUES)).toEqual(names);
      const settings = Object.fromEntries(
        Object.entries(ROLLOUT_VALUES).map(([name, value]) => [valueName(name), value]),
      );
      const rollout = { enabled: true, replicas: 2, settings, env: { AWS_REGION: 'eu-west-1' } };
      const objects = await chart.objects({ rollout, caBundle: { pem: CA } });
      const [container] = listAt(named(objects, 'Deployment', `${NAME}-rollout`), `${POD}.containers`);
      const variables = Object.fromEntries(
        listAt(container, 'env').map(({ name, value }) => [String(name), value?.toString()]),
      );
      for (const [name, value] of Object.entries(ROLLOUT_VALUES))
        expect(variables[variableName(name)], name).toBe(String(value));
      expect(variables['AWS_REGION']).toBe('eu-west-1');
      expect(variables[variableName('ca-bundle-file')]).toBe('/ca/ca.crt');
      const { [variableName('ca-bundle-file')]: _, ...others } = variables;
      expect(readRolloutSettings([], others)).toMatchObject({ kind: 'settings' });
      expect(at(named(objects, 'PodDisruptionBudget', `${NAME}-rollout`), 'spec.maxUnavailable')).toBe(1);
      const one = await chart.objects({ rollout: { enabled: true } });
      expect(named(one, 'PodDisruptionBudget', `${NAME}-rollout`)).toBeUndefined();
      expect(named(await chart.objects(), 'Deployment', `${NAME}-rollout`)).toBeUndefined();
    });

    it('ports and the time for draining follow their settings', async () => {
      const changed = await chart.deployment({ settings: { listenPort: 9443, drainSeconds: 60 } });
      expect(at(changed, `${POD}.terminationGracePeriodSeconds`)).toBe(85);
      expect(at(changed, `${POD}.containers.0.ports.0`)).toEqual({
        name: 'https',
        containerPort: 9443,
        protocol: 'TCP',
      });
    });

    it('every place with the namespace follows the release', async () => {
      const all = await chart.elsewhere(
        {
          certificates: { source: 'cert-manager' },
          secondPass: { enabled: true },
          excludedNamespaces: ['legacy', 'kube-system'],
          policy: { rules: [] },
          caBundle: { pem: CA },
          monitoring: { podMonitor: { enabled: true } },
        },
        'platform',
      );
      const namespaces = new Set(
        [...JSON.stringify(all).matchAll(/"namespace":"([^"]*)"/g)].map(([, name]) => name),
      );
      expect([...namespaces].sort()).toEqual([`${NAME}-test`, `${NAME}-test-guard`, 'platform']);
      const text = JSON.stringify(all);
      expect(text).toContain(`"${NAME}.platform.svc"`);
      expect(text).toContain(`platform/${NAME}-tls`);
      expect(text.match(/in the namespace platform/g)).toHaveLength(2);
      expect(text).not.toContain(`in the namespace ${NAME}`);
      const excluded = ['kube-system', 'kube-node-lease', 'platform', 'legacy'];
      expect(text).toContain(`['${excluded.join("', '")}']`);
      for (const name of [NAME, `zz-${NAME}`])
        expect(
          at(
            named(all, 'MutatingWebhookConfiguration', name),
            'webhooks.0.namespaceSelector.matchExpressions.0.values',
          ),
        ).toEqual(excluded);
    });

    it('the image is that of the webhook, the injected containers, the guard and the hooks', async () => {
      const digest = `sha256:${'a'.repeat(64)}`;
      const image = { repository: 'registry.example/i', tag: '2', digest, pullPolicy: 'Always' };
      const text = await chart.text({ image });
      expect(text.match(new RegExp(`registry.example/i@${digest}`, 'g'))).toHaveLength(5);
      expect(text).not.toMatch(/registry\.example\/i:|image: "?aws-secrets-injector/);
      expect(await chart.environment({ image: { tag: '2' } })).toHaveProperty(
        'SECRETS_INJECTOR_IMAGE',
        `${NAME}:2`,
      );
    });

    it('pod fields: scheduling, priority, pull secrets, labels, annotations, resources', async () => {
      const constraint = { topologyKey: 'x', maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule' };
      const values = {
        replicas: 3,
        imagePullSecrets: [{ name: 'registry' }],
        priorityClassName: 'high',
        nodeSelector: { pool: 'system' },
        tolerations: [{ key: 'a', operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
        topologySpreadConstraints: [constraint],
        podLabels: { team: 'a' },
        podAnnotations: { 'prometheus.io/scrape': 'true' },
        resources: { limits: { cpu: '1', memory: '1Gi' } },
      };
      const changed = await chart.deployment(values);
      expect(at(changed, 'spec.replicas')).toBe(3);
      expect(at(changed, POD)).toMatchObject({
        imagePullSecrets: [{ name: 'registry' }],
        priorityClassName: 'high',
        nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'system' },
        tolerations: values.tolerations,
        affinity: values.affinity,
        topologySpreadConstraints: [constraint],
      });
      expect(at(changed, `${POD}.affinity.podAntiAffinity`)).toBeUndefined();
      expect(at(changed, 'spec.template.metadata.labels.team')).toBe('a');
      expect(at(changed, 'spec.template.metadata.annotations')).toMatchObject(values.podAnnotations);
      expect(at(changed, `${POD}.containers.0.resources.limits.cpu`)).toBe('1');
      expect(
        at(await chart.deployment({ priorityClassName: '' }), `${POD}.priorityClassName`),
      ).toBeUndefined();
    });

    it('autoscaling, quota, disruption budget, PodMonitor and host network', async () => {
      const all = await chart.objects({
        autoscaling: { enabled: true, maxReplicas: 9 },
        priorityClassQuota: { enabled: true },
        podDisruptionBudget: { enabled: false },
        monitoring: { podMonitor: { enabled: true, labels: { release: 'prometheus' } } },
        hostNetwork: true,
      });
      const workload = named(all, 'Deployment');
      expect(at(workload, 'spec.replicas')).toBeUndefined();
      expect(at(named(all, 'HorizontalPodAutoscaler'), 'spec.maxReplicas')).toBe(9);
      expect(
        at(named(all, 'ResourceQuota', `${NAME}-priority`), 'spec.scopeSelector.matchExpressions.0'),
      ).toEqual({
        scopeName: 'PriorityClass',
        operator: 'In',
        values: ['system-cluster-critical'],
      });
      expect(named(all, 'PodDisruptionBudget')).toBeUndefined();
      expect(at(named(all, 'PodMonitor'), 'metadata.labels.release')).toBe('prometheus');
      expect(at(workload, `${POD}.hostNetwork`)).toBe(true);
      expect(at(workload, `${POD}.dnsPolicy`)).toBe('ClusterFirstWithHostNet');
    });

    it('certificates: an issuer of the user, and a Secret of the user', async () => {
      const all = await chart.objects({
        certificates: {
          source: 'cert-manager',
          certManager: { issuerRef: { name: 'corp', kind: 'ClusterIssuer' } },
        },
      });
      expect(all.filter((one) => at(one, 'kind') === 'Issuer')).toEqual([]);
      expect(at(named(all, 'Certificate', `${NAME}-tls`), 'spec.issuerRef')).toEqual({
        name: 'corp',
        kind: 'ClusterIssuer',
      });
      const own = await chart.objects({
        certificates: { source: 'secret', secret: { name: 'mine', caBundle: CA } },
      });
      expect(at(named(own, 'Deployment'), `${POD}.volumes.0.secret.secretName`)).toBe('mine');
      const bundle = at(named(own, 'MutatingWebhookConfiguration'), 'webhooks.0.clientConfig.caBundle');
      expect(Buffer.from(String(bundle), 'base64').toString()).toBe(`${CA}\n`);
    });

    it('traces: the endpoint for the webhook and the guard, and the egress to it', async () => {
      const endpoint = 'https://collector.example:14318/v1/traces';
      const objects = await chart.objects({ traces: { endpoint, port: 14318 } });
      expect(at(named(objects, 'ConfigMap', `${NAME}-guard`), 'data.traces-endpoint')).toBe(endpoint);
      const egress = listAt(named(objects, 'NetworkPolicy'), 'spec.egress');
      expect(egress.at(-1)).toEqual({
        ports: [
          { port: 14318, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      });
      expect(listAt(named(await chart.objects({}), 'NetworkPolicy'), 'spec.egress')).toEqual(
        egress.slice(0, -1),
      );
    });

    it('policyEvents need the API server, whatever the certificates and the nodes need', async () => {
      const values = {
        policyEvents: true,
        nodeAccess: false,
        certificates: { source: 'cert-manager' },
      };
      expect(at(await chart.deployment(values), `${POD}.automountServiceAccountToken`)).toBe(true);
      expect(listAt(named(await chart.objects(values), 'NetworkPolicy'), 'spec.egress')).toHaveLength(1);
    });

    it('the guard: what it accepts, and without its policies', async () => {
      const values = {
        guard: {
          mirrors: ['a.example/i', 'b.example/i'],
          fetcherEnv: ['AWS_REGION=eu-west-1', 'AWS_USE_FIPS_ENDPOINT=true'],
        },
      };
      const data = at(named(await chart.objects(values), 'ConfigMap', `${NAME}-guard`), 'data');
      expect(data).toEqual({
        image: `${NAME}:0.1.0`,
        mirrors: 'a.example/i b.example/i',
        'fetcher-env': 'AWS_REGION=eu-west-1\nAWS_USE_FIPS_ENDPOINT=true',
        'traces-endpoint': '',
      });
      // The webhook reads them when it starts.
      const checksum = 'spec.template.metadata.annotations';
      expect(at(await chart.deployment(values), checksum)).toHaveProperty('checksum/guard');
      const without = await chart.objects({ guard: { enabled: false }, nativeVariables: 'forbidden' });
      const policies = without.filter((one) => at(one, 'kind') === 'ValidatingAdmissionPolicy');
      expect(policies.map((one) => at(one, 'metadata.name'))).toEqual([`${NAME}-no-native-variables`]);
      expect(named(without, 'ConfigMap', `${NAME}-guard`)).toBeDefined();
    });

    it.each([
      [false, 'off'],
      [true, 'on'],
      ['on', 'on'],
      ['off', 'off'],
      ['forbidden', 'off'],
      ['auto', undefined],
    ])('nativeVariables: %s', async (value, text) => {
      const variables = await chart.environment({ nativeVariables: value });
      expect(variables[variableName('native-variables')]).toBe(text);
    });

    it('certificate authorities of the injected containers', async () => {
      const own = await chart.objects({ caBundle: { pem: `${CA}\n` } });
      expect(at(named(own, 'ConfigMap', `${NAME}-ca`), 'data')).toEqual({ 'ca.crt': `${CA}\n` });
      const existing = await chart.deployment({
        caBundle: { configMap: { name: 'trust', key: 'bundle.pem' } },
      });
      expect(at(existing, `${POD}.volumes.0.configMap`)).toEqual({
        name: 'trust',
        items: [{ key: 'bundle.pem', path: 'ca.crt' }],
      });
      expect(await chart.environment({ caBundle: { pem: CA } })).toHaveProperty(
        'SECRETS_INJECTOR_CA_BUNDLE_FILE',
        '/ca/ca.crt',
      );
    });

    it('the network policy: addresses of the API server, nobody for metrics, none', async () => {
      const changed = named(
        await chart.objects({
          networkPolicy: { metricsFrom: [], apiServer: { ports: [6443], cidrs: ['10.0.0.0/24'] } },
        }),
        'NetworkPolicy',
      );
      expect(at(changed, 'spec.ingress')).toHaveLength(1);
      expect(at(changed, 'spec.egress')).toEqual([
        { ports: [{ port: 6443, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.0.0.0/24' } }] },
      ]);
      expect(
        named(await chart.objects({ networkPolicy: { enabled: false } }), 'NetworkPolicy'),
      ).toBeUndefined();
    });

    // Helm 3 needs a cluster for this.
    it.runIf(version === '4')('the notes name the next commands, and what the values require', async () => {
      const notes = async (values: object): Promise<string> => {
        const args = ['install', 'mine', CHART, '--namespace=platform', '--dry-run=client'];
        const { stdout } = await chart.run(values, ...args);
        return stdout.slice(stdout.indexOf('\nNOTES:'));
      };
      const standard = await notes({});
      expect(standard).toContain('helm test mine --namespace platform');
      expect(standard).toContain(
        'WARNING: image.repository is aws-secrets-injector, which names no registry.',
      );
      expect(standard).not.toMatch(/guard is disabled|ports/);
      const other = await notes({
        image: { repository: 'registry.example/i' },
        guard: { enabled: false },
        hostNetwork: true,
        settings: { listenPort: 10443 },
      });
      expect(other).not.toContain('WARNING');
      expect(other).toContain('The guard is disabled');
      expect(other).toContain('uses the ports 10443, 8081 and 8080 of its nodes');
    });

    it('a parent chart can use the condition enabled', async () => {
      expect(await chart.objects({ enabled: true, global: { other: 1 } })).toEqual(await chart.objects());
    });

    it('uninstallCheck: refuse, warn and none', async () => {
      const text = async (value: string) => await chart.text({ uninstallCheck: value });
      expect(await text('refuse')).toContain('check-uninstall');
      expect(await text('refuse')).not.toContain('--warn');
      expect(await text('warn')).toContain('--warn');
      expect(await text('none')).not.toContain('uninstall-check');
    });
  });
});
