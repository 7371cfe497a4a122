/** The checks that read the API server, with the faults that each of them finds. */
import { expect, it } from 'vitest';
import { apiServer } from '../../../../src/cli/doctor/checks/api-server.ts';
import { GUARD_POLICIES, guard } from '../../../../src/cli/doctor/checks/guard.ts';
import { injection } from '../../../../src/cli/doctor/checks/injection.ts';
import { kubelets } from '../../../../src/cli/doctor/checks/kubelets.ts';
import { podIdentity } from '../../../../src/cli/doctor/checks/pod-identity.ts';
import { quotas } from '../../../../src/cli/doctor/checks/quotas.ts';
import { registration } from '../../../../src/cli/doctor/checks/registration.ts';
import { replicas } from '../../../../src/cli/doctor/checks/replicas.ts';
import { serviceAccounts } from '../../../../src/cli/doctor/checks/service-accounts.ts';
import type { ApiAnswer } from '../../../../src/kubernetes/api-client.ts';
import {
  type Answers,
  answer,
  FORBIDDEN,
  guardObjects,
  type Json,
  linesOf,
  list,
  NO_ANSWER,
  registered,
  runCheck,
  workload,
} from './fake-cluster.ts';

const REGISTRATIONS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';

const gate = (name: string, value: number) =>
  `kubernetes_feature_enabled{name="${name}",stage="BETA"} ${value}\n`;

it.each<[string, ApiAnswer, ApiAnswer, readonly string[]]>([
  ['answers not', NO_ANSWER, NO_ANSWER, ['fail no answer in time']],
  [
    'is too old',
    answer({ gitVersion: 'v1.29.3' }),
    list(),
    ['fail Kubernetes v1.29.3: the product needs 1.30 or later'],
  ],
  [
    'is without native variables',
    answer({ gitVersion: 'v1.34.1' }),
    list(),
    ['ok Kubernetes v1.34.1, without native variables; the env-modes shell and file work'],
  ],
  [
    'has all gates',
    answer({ gitVersion: 'v1.35.4' }),
    answer(gate('EnvFiles', 1) + gate('Other', 0)),
    ['ok Kubernetes v1.35.4', 'ok no feature gate that the product uses is off'],
  ],
  [
    'has a gate off',
    answer({ gitVersion: 'v1.35.4' }),
    answer(gate('Other', 1) + gate('EnvFiles', 0)),
    ['ok Kubernetes v1.35.4', 'warn feature gates are off: EnvFiles (native variables are not possible)'],
  ],
  [
    'hides its metrics',
    answer({ gitVersion: 'v1.35.4' }),
    FORBIDDEN,
    ['ok Kubernetes v1.35.4', 'skipped feature gates: needs the right to get /metrics'],
  ],
])('api-server: %s', async (_, version, metrics, expected) => {
  expect(await linesOf(apiServer, { answers: { '/version': version, '/metrics': metrics } })).toEqual(
    expected,
  );
});

/** The registration after a change of its webhooks. */
function changed(change: (webhook: Json) => Json): Answers {
  const { metadata, webhooks } = registered('ca');
  return { [REGISTRATIONS]: list({ metadata, webhooks: webhooks.map(change) }) };
}

it.each<[string, Answers, string]>([
  [
    'is as in the manifests',
    changed((one) => one),
    'ok aws-secrets-injector calls the Service aws-secrets-injector/aws-secrets-injector with 6 webhooks',
  ],
  [
    'is missing',
    { [REGISTRATIONS]: list({ metadata: { name: 'other' }, webhooks: [{ name: 'x.example' }] }) },
    'fail the webhook is not registered',
  ],
  [
    'lost caBundle',
    changed((one) => ({ ...one, clientConfig: { ...(one['clientConfig'] as Json), caBundle: undefined } })),
    'fail aws-secrets-injector: caBundle is missing in 6 webhooks of 6',
  ],
  [
    'matches no pods',
    changed((one) => ({ ...one, rules: [{ operations: ['UPDATE'], resources: ['pods'] }] })),
    'fail aws-secrets-injector: no rule matches',
  ],
  [
    'selects every namespace',
    changed((one) => ({ ...one, namespaceSelector: {} })),
    'warn aws-secrets-injector: not all webhooks select namespaces',
  ],
  [
    'ignores failures',
    changed((one) => ({ ...one, failurePolicy: 'Ignore' })),
    'warn aws-secrets-injector: every failurePolicy is Ignore',
  ],
  [
    'is not called again',
    changed((one) => ({ ...one, reinvocationPolicy: 'Never' })),
    'warn aws-secrets-injector: reinvocationPolicy is not IfNeeded',
  ],
  [
    'is hidden',
    { [REGISTRATIONS]: FORBIDDEN },
    'skipped needs the right to list mutatingwebhookconfigurations',
  ],
])('registration: %s', async (_, answers, expected) => {
  const [line, ...more] = await linesOf(registration, { answers });
  expect([line?.slice(0, expected.length), more]).toEqual([expected, []]);
});

function pod(name: string, ready: boolean, image = 'a:1', waiting?: string): Json {
  const containerStatuses = [{ state: waiting === undefined ? {} : { waiting: { reason: waiting } } }];
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  return {
    metadata: { name },
    spec: { containers: [{ image }] },
    status: { phase: 'Running', conditions, containerStatuses },
  };
}

it.each<[ApiAnswer, string]>([
  [list(pod('a', true), pod('b', true)), 'ok 2 replicas are ready, with the image a:1'],
  [list(), 'fail no pod of the webhook in the namespace aws-secrets-injector'],
  [
    list(pod('a', false, 'a:1', 'ImagePullBackOff'), pod('b', false)),
    'fail no replica is ready: a (ImagePullBackOff), b (Running)',
  ],
  [list(pod('a', true), pod('b', false)), 'warn 1 of 2 replicas are ready'],
  [list(pod('a', true), pod('b', true, 'a:2')), 'warn replicas have different images: a:1, a:2'],
  [
    list(pod('a', true)),
    'warn only one replica: while it is replaced, no pod that requests secrets can be created',
  ],
  [FORBIDDEN, 'skipped needs the right to list pods -n aws-secrets-injector'],
])('replicas: %#', async (pods, expected) => {
  const answers = { '/api/v1/namespaces/aws-secrets-injector/pods': pods };
  expect(await linesOf(replicas, { answers })).toEqual([expected]);
});

function guardAnswers(change: (object: Json) => readonly Json[] = (one) => [one]): Answers {
  const objects = guardObjects().flatMap(change);
  const ofKind = (kind: string) => list(...objects.filter((one) => one['kind'] === kind));
  return {
    [POLICIES]: ofKind('ValidatingAdmissionPolicy'),
    [BINDINGS]: ofKind('ValidatingAdmissionPolicyBinding'),
  };
}

const nameOf = (object: Json) => (object['metadata'] as { name: string }).name;

it('guard: knows the policies of the manifests, and their actions', async () => {
  expect(await linesOf(guard, { answers: guardAnswers() })).toEqual(['ok all 9 policies are bound']);
  const bindings = guardObjects().filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  const actions = bindings.map(({ spec }) => {
    const { policyName, validationActions } = spec as { policyName: string; validationActions: string[] };
    return [policyName, validationActions[0]];
  });
  expect(Object.fromEntries(actions)).toEqual(GUARD_POLICIES);
});

it.each<[string, Answers, readonly string[]]>([
  [
    'is missing',
    {},
    ['fail the guard is not installed: if the webhook is bypassed, pods start without their secrets'],
  ],
  [
    'lacks a policy',
    guardAnswers((one) => (nameOf(one) === 'aws-secrets-injector-plan' ? [] : [one])),
    ['fail policies are missing: aws-secrets-injector-plan'],
  ],
  [
    'only warns',
    guardAnswers((one) =>
      one['kind'] === 'ValidatingAdmissionPolicyBinding' && nameOf(one) === 'aws-secrets-injector'
        ? [{ ...one, spec: { ...(one['spec'] as Json), validationActions: ['Audit'] } }]
        : [one],
    ),
    ['fail no binding makes these policies reject or warn: aws-secrets-injector'],
  ],
  [
    'is bound for some namespaces',
    guardAnswers((one) =>
      nameOf(one) === 'aws-secrets-injector' && one['kind'] !== 'ValidatingAdmissionPolicy'
        ? [{ ...one, spec: { ...(one['spec'] as Json), matchResources: { namespaceSelector: {} } } }]
        : [one],
    ),
    ['fail no binding makes these policies reject or warn: aws-secrets-injector'],
  ],
  [
    'has an expression of another version',
    guardAnswers((one) =>
      nameOf(one) === 'aws-secrets-injector-image' && one['kind'] === 'ValidatingAdmissionPolicy'
        ? [{ ...one, status: { typeChecking: { expressionWarnings: [{ warning: 'x' }] } } }]
        : [one],
    ),
    ['warn the API server warns about expressions of aws-secrets-injector-image'],
  ],
  ['is hidden', { [POLICIES]: FORBIDDEN }, ['skipped needs the right to list validatingadmissionpolicies']],
])('guard: %s', async (_, answers, expected) => {
  expect(await linesOf(guard, { answers })).toEqual(expected);
});

const namespace = (name: string, optedIn = false) => ({
  metadata: { name, labels: optedIn ? { 'secrets-injector.dev/injection': 'enabled' } : {} },
});
const NAMESPACES = list(
  namespace('aws-secrets-injector'),
  namespace('default'),
  namespace('kube-system', true),
  namespace('shop', true),
);
const INJECTED = answer({ spec: { initContainers: [{ name: 'aws-secrets-fetch' }] } });
const REJECTED: ApiAnswer = {
  kind: 'refused',
  status: 422,
  message: "ValidatingAdmissionPolicy 'aws-secrets-injector-not-opted-in' with binding 'x' denied request: x",
};

it.each<[string, ApiAnswer, ApiAnswer, ApiAnswer, readonly string[]]>([
  [
    'works',
    NAMESPACES,
    INJECTED,
    REJECTED,
    [
      'ok a pod that requests a secret is injected (namespace shop)',
      'ok the guard rejects a pod in a namespace that has not opted in (namespace default)',
    ],
  ],
  [
    'is bypassed, without the guard',
    NAMESPACES,
    answer({ spec: {} }),
    answer({ spec: {} }),
    [
      'fail the pod was not injected, and nothing rejected it (namespace shop)',
      'fail the guard is missing: a pod that requests a secret is accepted in a namespace that has not opted in (namespace default)',
    ],
  ],
  [
    'is not allowed to create pods',
    NAMESPACES,
    {
      kind: 'refused',
      status: 403,
      message: 'pods is forbidden: User "x" cannot create resource "pods" in API group ""',
    },
    NO_ANSWER,
    [
      'skipped needs the right to create pods in shop',
      'skipped the API server does not answer: no answer in time',
    ],
  ],
  [
    'is rejected by others',
    NAMESPACES,
    { kind: 'refused', status: 403, message: 'admission webhook "images.example" denied the request: no' },
    { kind: 'refused', status: 403, message: 'no' },
    [
      'warn the pod was rejected (status 403): admission webhook "images.example" denied the request: no (namespace shop)',
      'warn something else rejected the pod before the guard (status 403): no (namespace default)',
    ],
  ],
  [
    'has no namespace',
    list(),
    INJECTED,
    REJECTED,
    ['warn no namespace has opted in, so no pod is injected', 'skipped guard: every namespace has opted in'],
  ],
  ['cannot list namespaces', FORBIDDEN, INJECTED, REJECTED, ['skipped needs the right to list namespaces']],
])('injection: %s', async (_, namespaces, shop, other, expected) => {
  const answers = {
    '/api/v1/namespaces?': namespaces,
    '/api/v1/namespaces/shop/pods?dryRun=All': shop,
    '/api/v1/namespaces/default/pods?dryRun=All': other,
  };
  expect(await linesOf(injection, { answers })).toEqual(expected);
});

it('injection: tries a pod in the namespace of the flag, without the right to list namespaces', async () => {
  const answers = { '/api/v1/namespaces?': FORBIDDEN, '/api/v1/namespaces/web/pods?dryRun=All': INJECTED };
  const [first] = await linesOf(injection, { answers, podNamespace: 'web' });
  expect(first).toBe('ok a pod that requests a secret is injected (namespace web)');
});

const table = (...versions: readonly string[]) =>
  answer({
    kind: 'Table',
    columnDefinitions: [{ name: 'Name' }, { name: 'Version' }],
    rows: versions.map((version, index) => ({ cells: [`node-${index}`, version] })),
  });

it.each<[ApiAnswer, string]>([
  [table('v1.35.4', 'v1.35.4'), 'ok 2 nodes with v1.35.4'],
  [table('v1.34.1'), 'ok 1 node with v1.34.1, without native variables'],
  [
    table('v1.35.4', 'v1.33.0'),
    'warn 2 nodes with v1.33.0, v1.35.4; native variables are not possible on node-1 (v1.33.0)',
  ],
  [
    table('v1.35.4', 'v1.28.0'),
    'warn 2 nodes with v1.28.0, v1.35.4; on node-1 (v1.28.0), pods with refresh never start',
  ],
  [table('strange'), 'warn 1 node with strange; on node-0 (strange), pods with refresh never start'],
  [table(), 'warn the cluster has no nodes'],
  [list(), 'skipped the API server did not answer: the list of nodes has an unexpected form'],
  [FORBIDDEN, 'skipped needs the right to list nodes'],
])('kubelets: %#', async (nodes, expected) => {
  expect(await linesOf(kubelets, { answers: { '/api/v1/nodes': nodes } })).toEqual([expected]);
});

const AGENT = '/apis/apps/v1/namespaces/kube-system/daemonsets/eks-pod-identity-agent';
const NOT_FOUND: ApiAnswer = { kind: 'refused', status: 404 };
const agentOn = (ready: number, wanted: number) =>
  answer({ status: { numberReady: ready, desiredNumberScheduled: wanted } });

it.each<[ApiAnswer, string]>([
  [agentOn(3, 3), 'ok the agent is ready on 3 nodes'],
  [agentOn(2, 3), 'warn the agent is ready on 2 of 3 nodes: on the others, pods cannot sign in'],
  [NOT_FOUND, 'skipped not installed; only EKS Pod Identity needs it, and EKS Auto Mode has it built in'],
  [FORBIDDEN, 'skipped needs the right to get daemonsets -n kube-system'],
])('pod-identity-agent: %#', async (agent, expected) => {
  expect(await linesOf(podIdentity, { answers: { [AGENT]: agent } })).toEqual([expected]);
});

const ROLE = 'arn:aws:iam::111122223333:role/web';
const account = (name: string, role?: string) => ({
  metadata: {
    namespace: 'shop',
    name,
    ...(role === undefined ? {} : { annotations: { 'eks.amazonaws.com/role-arn': role } }),
  },
});
const WORKLOADS = '/apis/apps/v1/deployments';
const ACCOUNTS = '/api/v1/serviceaccounts';
const IRSA = list({ metadata: { name: 'pod-identity-webhook' } });

it.each<[string, Answers, readonly string[]]>([
  [
    'have roles',
    {
      [WORKLOADS]: list(workload('web', { serviceAccountName: 'web' })),
      [ACCOUNTS]: list(account('web', ROLE)),
      [REGISTRATIONS]: IRSA,
      [AGENT]: NOT_FOUND,
    },
    ['ok 1 service account of requesting workloads with a role (IRSA)'],
  ],
  [
    'are without anything that adds their roles',
    {
      [WORKLOADS]: list(workload('web', { serviceAccountName: 'web' })),
      [ACCOUNTS]: list(account('web', ROLE)),
      [AGENT]: NOT_FOUND,
    },
    [
      'ok 1 service account of requesting workloads with a role (IRSA)',
      'warn the webhook pod-identity-webhook is missing, which adds the roles of service accounts to pods',
    ],
  ],
  [
    'are missing, or have no role',
    {
      [WORKLOADS]: list(
        workload('web'),
        workload('api', { serviceAccountName: 'gone' }),
        workload('x', { serviceAccountName: 'x' }),
      ),
      [ACCOUNTS]: list(account('default'), account('x', 'not an ARN')),
      [AGENT]: NOT_FOUND,
    },
    [
      'fail service accounts do not exist: shop/gone',
      'fail the annotation eks.amazonaws.com/role-arn is not the ARN of a role: shop/x',
      'fail service accounts have no role, and the EKS Pod Identity agent is not installed: shop/default',
    ],
  ],
  [
    'may use Pod Identity',
    { [WORKLOADS]: list(workload('web')), [ACCOUNTS]: list(account('default')), [AGENT]: agentOn(1, 1) },
    [
      'skipped whether these have an EKS Pod Identity association cannot be seen in the cluster: shop/default',
    ],
  ],
  [
    'are not needed',
    { [WORKLOADS]: list(workload('web', {}, { 'secrets-injector.dev/role-arn': ROLE })) },
    ['ok no workload needs the role of its service account (1 workload with requests)'],
  ],
  ['are hidden', { [WORKLOADS]: FORBIDDEN }, ['skipped needs the right to list deployments -A']],
])('service-accounts: %s', async (_, answers, expected) => {
  expect(await linesOf(serviceAccounts, { answers })).toEqual(expected);
});

const quota = (used: string, where = 'shop') => ({
  metadata: { namespace: where, name: 'rules' },
  status: {
    hard: { 'limits.memory': '128Mi', services: '1' },
    used: { 'limits.memory': used, services: '1' },
  },
});

it.each<[string, Answers, readonly string[]]>([
  ['there are none', {}, ['ok no ResourceQuota in namespaces that have opted in']],
  [
    'they leave room',
    { '/api/v1/resourcequotas': list(quota('64Mi'), quota('128Mi', 'other')) },
    ['ok 1 ResourceQuota with room in namespaces that have opted in'],
  ],
  [
    'one is used up',
    { '/api/v1/resourcequotas': list(quota('120Mi')) },
    [
      'warn ResourceQuotas are almost used up, and the API server rejects pods beyond them: shop/rules: limits.memory 120Mi of 128Mi',
    ],
  ],
  [
    'refresh calls',
    {
      [WORKLOADS]: list(
        workload('web', {}, { 'secrets-injector.dev/refresh': '5m' }),
        workload('api', {}, { 'secrets-injector.dev/refresh': '5m' }),
      ),
    },
    [
      'ok no ResourceQuota in namespaces that have opted in',
      'ok refresh in eu-west-1: 0.014 DescribeSecret per second, less than 0.01 % of the quota of an account',
    ],
  ],
  [
    'refresh calls too often',
    {
      [WORKLOADS]: list({
        ...workload('web', {}, { 'secrets-injector.dev/refresh': '30s' }),
        spec: {
          ...(workload('web', {}, { 'secrets-injector.dev/refresh': '30s' })['spec'] as Json),
          replicas: 1_100_000,
        },
      }),
    },
    [
      'ok no ResourceQuota in namespaces that have opted in',
      'warn refresh in eu-west-1: 38,596 DescribeSecret per second, 96 % of the quota of an account',
    ],
  ],
  [
    'they are hidden',
    { '/api/v1/resourcequotas': FORBIDDEN },
    ['skipped needs the right to list resourcequotas -A'],
  ],
])('quotas: %s', async (_, answers, expected) => {
  expect(await linesOf(quotas, { answers: { '/api/v1/namespaces': NAMESPACES, ...answers } })).toEqual(
    expected,
  );
});

it('every warning and failure says what to do', async () => {
  for (const check of [registration, replicas, guard, injection, kubelets])
    for (const { status, next } of await runCheck(check, {}))
      if (status === 'warn' || status === 'fail') expect(next.length, check.name).toBeGreaterThan(0);
});
