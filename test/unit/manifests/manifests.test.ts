import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { FETCHER_NAME } from '../../../src/core/additions/injected-objects.ts';
import { decideInjection } from '../../../src/core/inject.ts';
import { NAMESPACE_LABEL, PREFIX } from '../../../src/core/names/prefix.ts';
import { VARIABLE_PREFIX, variableName } from '../../../src/runtime/settings/settings.ts';
import { MUTATE_PATH } from '../../../src/webhook/review/mutate-path.ts';
import { readWebhookSettings, WEBHOOK_SETTINGS } from '../../../src/webhook/settings.ts';
import {
  at,
  documents,
  type Json,
  kustomizations,
  listAt,
  MANIFESTS,
  only,
  yamlFiles,
} from './manifest-files.ts';

const NAME = 'aws-secrets-injector';
const SECRET = 'aws-secrets-injector-tls';
const POD = 'spec.template.spec';
const POD_FIELDS: Readonly<Record<string, string>> = { 'metadata.namespace': NAME };
const deployment = only('base/deployment.yaml');
const [container] = listAt(deployment, `${POD}.containers`);
const service = only('base/service.yaml');
const configuration = only('base/mutating-webhook-configuration.yaml');
const [, webhook] = listAt(configuration, 'webhooks');

describe('files', () => {
  it.each(yamlFiles())('%s is YAML without duplicate keys', (file) => {
    expect(documents(file).length).toBeGreaterThan(0);
  });

  it.each(yamlFiles().filter((file) => !/kustomization|image-fields|monitoring\/prometheus\//.test(file)))(
    '%s contains objects with a kind and a name',
    (file) => {
      for (const document of documents(file)) {
        expect(at(document, 'apiVersion')).toEqual(expect.any(String));
        expect(at(document, 'kind')).toEqual(expect.any(String));
        expect(at(document, 'metadata.name')).toEqual(expect.any(String));
      }
    },
  );

  it.each(kustomizations())(
    'the kustomization of %s names every file in its folder, and no others',
    (folder) => {
      const kustomization = only(path.join(folder, 'kustomization.yaml'));
      const named = ['resources', 'components', 'configurations', 'patches']
        .flatMap((field) => (at(kustomization, field) ?? []) as readonly Json[])
        .map((entry) => (typeof entry === 'string' ? entry : at(entry, 'path')))
        .filter((entry): entry is string => typeof entry === 'string');
      const here = named.filter((name) => name.endsWith('.yaml') && !name.includes('/'));
      const present = readdirSync(path.join(MANIFESTS, folder)).filter(
        (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
      );
      expect([...here].sort()).toEqual(present.sort());
      for (const name of named.filter((one) => !one.endsWith('.yaml')))
        expect(existsSync(path.join(MANIFESTS, folder, name, 'kustomization.yaml')), name).toBe(true);
    },
  );

  it('the base puts every object into its namespace', () => {
    const namespaces = yamlFiles('base')
      .flatMap((file) => documents(file))
      .filter(
        (document) =>
          ![
            'Kustomization',
            'Namespace',
            'MutatingWebhookConfiguration',
            'ValidatingAdmissionPolicy',
            'ValidatingAdmissionPolicyBinding',
            'ClusterRole',
            'ClusterRoleBinding',
            undefined,
          ].includes(at(document, 'kind') as string | undefined),
      )
      .map((document) => at(document, 'metadata.namespace'));
    expect(new Set(namespaces)).toEqual(new Set([NAME]));
    expect(at(only('base/namespace.yaml'), 'metadata.name')).toBe(NAME);
  });
});

describe('deployment', () => {
  it('has two replicas or more, and replaces them without downtime', () => {
    expect(at(deployment, 'spec.replicas')).toBeGreaterThanOrEqual(2);
    expect(at(deployment, 'spec.strategy.rollingUpdate')).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  });

  it('meets the restricted profile, with a read-only root', () => {
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC'])
      expect(at(deployment, `${POD}.${field}`)).toBeUndefined();
    expect(at(only('base/namespace.yaml'), 'metadata.labels')).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  it('runs with settings that the webhook accepts', () => {
    const env = Object.fromEntries(
      listAt(container, 'env').map((variable) => [
        String(at(variable, 'name')),
        // Variables from the ConfigMap of the guard, whose values are empty by default, and of the pod.
        String(
          at(variable, 'value') ?? POD_FIELDS[String(at(variable, 'valueFrom.fieldRef.fieldPath'))] ?? '',
        ),
      ]),
    );
    for (const name of Object.keys(env)) expect(name.startsWith(VARIABLE_PREFIX), name).toBe(true);
    expect(Object.keys(WEBHOOK_SETTINGS).map(variableName)).toEqual(expect.arrayContaining(Object.keys(env)));
    const read = readWebhookSettings([], env);
    expect(read).toMatchObject({ kind: 'settings' });
    if (read.kind !== 'settings') return;
    const ports = listAt(container, 'ports').map((port) => [at(port, 'name'), at(port, 'containerPort')]);
    expect(ports).toEqual([
      ['https', read.values['listen-port']],
      ['probes', read.values['probe-port']],
      ['metrics', read.values['metrics-port']],
    ]);
    expect(read.values.certificates).toBe('self');
    expect(read.values.namespace).toBe(at(service, 'metadata.namespace'));
    expect(read.values.service).toBe(at(service, 'metadata.name'));
    expect(at(deployment, `${POD}.volumes`)).toBeUndefined();
    // The last step of the shutdown may take another ten seconds.
    expect(at(deployment, `${POD}.terminationGracePeriodSeconds`)).toBeGreaterThan(
      read.values['drain-seconds'] + 10,
    );
  });

  it('mounts the certificate of the overlays, with certificates from files', () => {
    const patch = only('components/certificate-files/deployment.yaml');
    const [patched] = listAt(patch, `${POD}.containers`);
    const [volume] = listAt(patch, `${POD}.volumes`);
    const [mount] = listAt(patched, 'volumeMounts');
    const env = Object.fromEntries(
      listAt(patched, 'env').map((variable) => [String(at(variable, 'name')), String(at(variable, 'value'))]),
    );
    const read = readWebhookSettings(['--image=x'], env);
    expect(read).toMatchObject({ kind: 'settings', values: { certificates: 'files' } });
    if (read.kind !== 'settings') return;
    expect(mount).toMatchObject({ mountPath: path.dirname(read.values['tls-cert-file']), readOnly: true });
    expect(at(mount, 'subPath')).toBeUndefined();
    expect(path.dirname(read.values['tls-key-file'])).toBe(path.dirname(read.values['tls-cert-file']));
    expect(at(volume, 'secret.secretName')).toBe(SECRET);
    expect(at(volume, 'name')).toBe(at(mount, 'name'));
    // The user of the image can read the key because of its group.
    expect(at(volume, 'secret.defaultMode')).toBe(0o440);
    expect(at(patch, `${POD}.securityContext.fsGroup`)).toBe(65532);
    const [generated] = listAt(only('overlays/generated-certs/kustomization.yaml'), 'secretGenerator');
    expect(generated).toMatchObject({
      name: SECRET,
      namespace: NAME,
      options: { disableNameSuffixHash: true },
    });
    const leaf = documents('overlays/cert-manager/certificates.yaml').find(
      (document) => at(document, 'spec.secretName') === SECRET,
    );
    expect(at(leaf, 'spec.dnsNames')).toEqual([
      `${at(service, 'metadata.name')}.${at(service, 'metadata.namespace')}.svc`,
    ]);
    expect(at(only('overlays/cert-manager/ca-injection.yaml'), 'metadata.annotations')).toEqual({
      'cert-manager.io/inject-ca-from': `${NAME}/${at(leaf, 'metadata.name')}`,
    });
  });

  it('has probes only on the admin port', () => {
    const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) =>
      at(container, `${probe}.httpGet`),
    );
    expect(paths).toEqual([
      { path: '/livez', port: 'probes' },
      { path: '/livez', port: 'probes' },
      { path: '/readyz', port: 'probes' },
    ]);
  });

  it('requests memory and CPU, and limits memory', () => {
    expect(at(container, 'resources.requests')).toEqual({
      cpu: expect.any(String),
      memory: expect.any(String),
    });
    expect(at(container, 'resources.limits.memory')).toEqual(expect.any(String));
  });

  it('uses its own image for the injected containers, with the version of this package', () => {
    const [image] = listAt(only('base/kustomization.yaml'), 'images');
    const variable = listAt(container, 'env').find((one) => at(one, 'name') === variableName('image'));
    expect(image).toMatchObject({ newTag: packageJson.version });
    expect(at(container, 'image')).toBe(at(image, 'name'));
    expect(at(variable, 'value')).toBe(at(image, 'name'));
    expect(listAt(only('base/image-fields.yaml'), 'images')).toEqual([
      { path: 'spec/template/spec/containers[]/env[]/value', kind: 'Deployment' },
      { path: 'data/image', kind: 'ConfigMap' },
    ]);
  });

  it('spreads over zones and nodes, but also starts if there is only one', () => {
    const spread = listAt(deployment, `${POD}.topologySpreadConstraints`);
    expect(spread.map((one) => [at(one, 'topologyKey'), at(one, 'whenUnsatisfiable')])).toEqual([
      ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
      ['kubernetes.io/hostname', 'ScheduleAnyway'],
    ]);
    const [preferred] = listAt(
      deployment,
      `${POD}.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution`,
    );
    // Without the pods of other revisions, which leave their nodes during a rolling update.
    for (const one of [...spread, at(preferred, 'podAffinityTerm')]) {
      expect(at(one, 'labelSelector')).toEqual(at(deployment, 'spec.selector'));
      expect(at(one, 'matchLabelKeys')).toEqual(['pod-template-hash']);
    }
  });

  it('has priority over applications, for which a component has the quota', () => {
    const priority = at(deployment, `${POD}.priorityClassName`);
    expect(priority).toBe('system-cluster-critical');
    expect(
      at(only('components/priority-class-quota/resource-quota.yaml'), 'spec.scopeSelector.matchExpressions'),
    ).toEqual([{ scopeName: 'PriorityClass', operator: 'In', values: [priority] }]);
  });
});

describe('selectors of the pods', () => {
  const labels = at(deployment, 'spec.template.metadata.labels');
  it.each([
    ['deployment', at(deployment, 'spec.selector.matchLabels')],
    ['service', at(service, 'spec.selector')],
    ['disruption budget', at(only('base/pod-disruption-budget.yaml'), 'spec.selector.matchLabels')],
    ['network policy', at(only('base/network-policy.yaml'), 'spec.podSelector.matchLabels')],
  ])('the %s uses the same labels', (_name, selector) => {
    expect(selector).toEqual(at(deployment, 'spec.selector.matchLabels'));
    expect(labels).toMatchObject(selector as object);
  });

  it('the service targets the port of the HTTPS server', () => {
    const names = listAt(container, 'ports').map((port) => at(port, 'name'));
    expect(listAt(service, 'spec.ports')).toEqual([
      { name: 'https', port: 443, targetPort: 'https', protocol: 'TCP' },
    ]);
    expect(names).toContain('https');
  });

  it('the network policy allows the API server from anywhere', () => {
    const policy = only('base/network-policy.yaml');
    expect(at(policy, 'spec.policyTypes')).toEqual(['Ingress', 'Egress']);
    expect(at(policy, 'spec.ingress')).toEqual([
      { ports: [{ port: 'https', protocol: 'TCP' }] },
      { from: [{ namespaceSelector: {} }], ports: [{ port: 'metrics', protocol: 'TCP' }] },
    ]);
  });
});

describe('registration', () => {
  it('is for the creation of pods', () => {
    expect(at(configuration, 'metadata.name')).toBe(NAME);
    expect(webhook).toMatchObject({
      name: 'inject.secrets-injector.dev',
      matchPolicy: 'Equivalent',
      sideEffects: 'None',
      reinvocationPolicy: 'IfNeeded',
      admissionReviewVersions: ['v1'],
      rules: [
        {
          apiGroups: [''],
          apiVersions: ['v1'],
          operations: ['CREATE'],
          resources: ['pods'],
          scope: 'Namespaced',
        },
      ],
    });
    expect(at(webhook, 'objectSelector')).toBeUndefined();
  });

  it('has the same webhook for each attempt: only the last one fails closed', () => {
    const [verify, ...attempts] = listAt(configuration, 'webhooks');
    expect(attempts.map((one) => [at(one, 'name'), at(one, 'failurePolicy')])).toEqual([
      ['inject.secrets-injector.dev', 'Ignore'],
      ['retry-1.secrets-injector.dev', 'Ignore'],
      ['retry-2.secrets-injector.dev', 'Ignore'],
      ['retry-3.secrets-injector.dev', 'Ignore'],
      ['retry-4.secrets-injector.dev', 'Fail'],
    ]);
    const [first, ...others] = attempts.map(
      ({ name: _name, failurePolicy: _policy, timeoutSeconds: _seconds, ...rest }) => rest,
    );
    for (const other of others)
      expect(other).toEqual({
        ...first,
        matchConditions: [
          ...listAt(first, 'matchConditions'),
          {
            name: 'is-not-injected',
            expression:
              "!has(object.spec.initContainers) || !object.spec.initContainers.exists(c, c.name == 'aws-secrets-fetch')",
          },
        ],
      });
    // The name in the condition.
    expect(FETCHER_NAME).toBe('aws-secrets-fetch');
    // A pod that arrives with the container matches only the first attempt, whose failures are ignored.
    expect(verify).toEqual({
      ...first,
      name: 'verify.secrets-injector.dev',
      failurePolicy: 'Fail',
      timeoutSeconds: 5,
      matchConditions: [
        ...listAt(first, 'matchConditions'),
        {
          name: 'is-injected',
          expression:
            "has(object.spec.initContainers) && object.spec.initContainers.exists(c, c.name == 'aws-secrets-fetch')",
        },
      ],
    });
  });

  it('calls for the last time when a replica that does not answer has left the endpoints', () => {
    const [, ...attempts] = listAt(configuration, 'webhooks');
    const seconds = attempts.map((one) => Number(at(one, 'timeoutSeconds')));
    const [period, timeout, threshold] = ['periodSeconds', 'timeoutSeconds', 'failureThreshold'].map(
      (field) => Number(at(container, `readinessProbe.${field}`)),
    );
    // The replica stops after a probe; kubelet waits for an answer to each further one.
    const noticed = (period ?? 0) * (threshold ?? 0) + (timeout ?? 0);
    const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0);
    expect(sum(seconds.slice(0, -1))).toBeGreaterThanOrEqual(noticed);
    // Each attempt takes a place among the requests that the API server handles at once.
    expect(sum(seconds)).toBeLessThan(20);
  });

  it('calls the service at the path of the webhook', () => {
    expect(at(webhook, 'clientConfig')).toEqual({
      service: {
        namespace: at(service, 'metadata.namespace'),
        name: at(service, 'metadata.name'),
        port: at(service, 'spec.ports.0.port'),
        path: MUTATE_PATH,
      },
    });
  });

  it('applies to namespaces with the label, but not to those that must start first', () => {
    expect(at(webhook, 'namespaceSelector')).toEqual({
      matchLabels: { [NAMESPACE_LABEL]: 'enabled' },
      matchExpressions: [
        {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: ['kube-system', 'kube-node-lease', NAME],
        },
      ],
    });
  });

  it('has conditions that cannot fail to evaluate: has() precedes every use of annotations', () => {
    const conditions = listAt(webhook, 'matchConditions');
    expect(conditions.map((one) => at(one, 'name'))).toEqual([
      'requests-secrets',
      'is-not-opted-out',
      'is-not-a-mirror-pod',
    ]);
    for (const condition of conditions) {
      expect(at(condition, 'expression')).toMatch(/^!?has\(object\.metadata\.annotations\) (?:&&|\|\|) /);
    }
  });

  it('has the same conditions as the webhook', () => {
    const [requests, optedOut] = listAt(webhook, 'matchConditions').map((one) =>
      String(at(one, 'expression')),
    );
    expect(requests).toContain(`k.lowerAscii().startsWith('${PREFIX}')`);
    expect(optedOut).toContain(`object.metadata.annotations['${PREFIX}inject'].trim() != 'false'`);
  });

  it('also calls the webhook for injected pods, because a second pass must be able to repair them', () => {
    expect(JSON.stringify(webhook)).not.toMatch(/status|initContainers|injected/);
  });
});

describe('examples', () => {
  const namespace = only('examples/namespace.yaml');

  it('have a namespace with injection enabled', () => {
    expect(at(namespace, 'metadata.labels')).toMatchObject({ [NAMESPACE_LABEL]: 'enabled' });
  });

  const workloads = yamlFiles('examples')
    .flatMap((file) => documents(file).map((document) => [file, document] as const))
    .filter(([, document]) => ['Pod', 'Deployment', 'Job'].includes(String(at(document, 'kind'))));

  it.each(workloads)(
    '%s is accepted by the webhook, and uses the namespace and the service account',
    (_file, document) => {
      const pod = at(document, 'kind') === 'Pod' ? document : at(document, 'spec.template');
      expect(at(document, 'metadata.namespace')).toBe(at(namespace, 'metadata.name'));
      expect(at(pod, 'spec.serviceAccountName')).toBe(
        at(only('examples/service-account.yaml'), 'metadata.name'),
      );
      const outcome = decideInjection(
        pod,
        { namespace: String(at(namespace, 'metadata.name')) },
        { image: 'registry.example/injector:1' },
      );
      expect(outcome).toMatchObject({ kind: 'injected', warnings: [] });
    },
  );

  it.each(workloads)('%s does not print the value of a variable', (_file, document) => {
    const pod = at(document, 'kind') === 'Pod' ? document : at(document, 'spec.template');
    expect(JSON.stringify(listAt(pod, 'spec.containers'))).not.toMatch(/\$\{?[A-Za-z_]/);
  });

  it.each(workloads)('%s meets the restricted profile that its namespace enforces', (_file, document) => {
    const pod = at(document, 'kind') === 'Pod' ? document : at(document, 'spec.template');
    expect(at(pod, 'spec.securityContext')).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const one of listAt(pod, 'spec.containers'))
      expect(at(one, 'securityContext')).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
  });
});

describe('certificates', () => {
  it('are not committed', () => {
    const ignored = readFileSync(path.join(MANIFESTS, 'overlays/generated-certs/.gitignore'), 'utf8');
    expect(ignored.split('\n')).toContain('/certs/');
  });

  it('are sent to the cluster without the private key of the CA', () => {
    const kustomization = only('overlays/generated-certs/kustomization.yaml');
    const [generated] = listAt(kustomization, 'secretGenerator');
    expect(at(generated, 'files')).toEqual(['tls.crt=certs/tls.crt', 'tls.key=certs/tls.key']);
    expect(listAt(kustomization, 'patches')).toEqual([
      { path: 'certs/ca-bundle.yaml', target: { kind: 'MutatingWebhookConfiguration', name: NAME } },
    ]);
  });
});
