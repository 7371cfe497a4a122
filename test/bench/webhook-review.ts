/** The review that the webhook's figures are about: a pod of 6.5 KB, as a Deployment of a real team has it. */

const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/shop/orders-AbCdEf';

/**
 * The review as the bytes that an API server sends.
 * @param bytes about how large the review is; the containers get as many further variables
 */
export function benchReview(bytes = 0): string {
  const small = reviewOf(pod([]));
  const missing = Math.max(0, bytes - small.length);
  return missing === 0 ? small : reviewOf(pod(furtherVariables(missing)));
}

/** The size of the usual pod in its review. */
export function benchPodBytes(): number {
  return JSON.stringify(pod([])).length;
}

/** Variables that fill so many bytes. */
function furtherVariables(bytes: number): readonly object[] {
  const one = (index: number): object => ({ name: `SHOP_FURTHER_SETTING_${index}`, value: 'v'.repeat(60) });
  const length = JSON.stringify(one(10_000)).length + 1;
  return Array.from({ length: Math.floor(bytes / length) }, (_, index) => one(index));
}

function reviewOf(object: object): string {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: '0a4c7d42-1c2f-4a6b-8f7e-0c2b7f6e9d11',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      },
      object,
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  });
}

const LABELS = {
  'app.kubernetes.io/name': 'orders',
  'app.kubernetes.io/instance': 'orders',
  'app.kubernetes.io/part-of': 'shop',
};

function pod(further: readonly object[]): object {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: 'orders-7d4b9c6f5d-',
      labels: { ...LABELS, 'pod-template-hash': '7d4b9c6f5d', 'app.kubernetes.io/version': '2.31.4' },
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '9090',
        'kubectl.kubernetes.io/restartedAt': '2026-11-02T09:12:44Z',
        'checksum/config': 'c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646',
        'secrets-injector.dev/secret.db': SECRET,
        'secrets-injector.dev/env.DB_USER': 'db:username',
        'secrets-injector.dev/env.DB_PASSWORD': 'db:password',
        'secrets-injector.dev/file.tls.key': 'db:tls-key',
        'secrets-injector.dev/env-mode': 'file',
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: 'orders-7d4b9c6f5d',
          uid: '5f6e3c2a-9d9b-4a57-8c67-1f5c2c1b7a10',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      volumes: [
        { name: 'config', configMap: { name: 'orders', defaultMode: 420 } },
        { name: 'tmp', emptyDir: {} },
        tokenVolume(),
      ],
      containers: [container('orders', [...FIELDS_OF_THE_POD, ...further]), container('metrics', [])],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'orders',
      serviceAccount: 'orders',
      securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 100,
              podAffinityTerm: {
                labelSelector: { matchLabels: LABELS },
                topologyKey: 'kubernetes.io/hostname',
              },
            },
          ],
        },
      },
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((what) => ({
        key: `node.kubernetes.io/${what}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: LABELS },
        },
      ],
    },
    status: {},
  };
}

const FIELDS_OF_THE_POD = [
  ['POD_NAME', 'metadata.name'],
  ['POD_NAMESPACE', 'metadata.namespace'],
  ['POD_IP', 'status.podIP'],
].map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }));

function container(name: string, further: readonly object[]): object {
  const probe = (path: string, failureThreshold = 3): object => ({
    httpGet: { path, port: 8080, scheme: 'HTTP' },
    initialDelaySeconds: 5,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold,
  });
  return {
    name,
    image: `registry.example/shop/${name}:2.31.4`,
    command: ['/usr/bin/java', '-XX:MaxRAMPercentage=75', '-jar', '/app/service.jar'],
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: [
      ...Array.from({ length: 10 }, (_, index) => ({
        name: `SHOP_SETTING_${index}`,
        value: `value-of-setting-${index}`,
      })),
      ...further,
    ],
    resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '250m', memory: '512Mi' } },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/shop', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      {
        name: 'kube-api-access-7xk2p',
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ],
    livenessProbe: probe('/live'),
    readinessProbe: probe('/ready'),
    startupProbe: probe('/live', 30),
    lifecycle: { preStop: { exec: { command: ['/bin/sleep', '10'] } } },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false },
  };
}

function tokenVolume(): object {
  return {
    name: 'kube-api-access-7xk2p',
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 420,
    },
  };
}
