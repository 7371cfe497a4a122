/** Messages of the API server about pods that it rejected, as Kubernetes 1.35 writes them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { explainRefusal } from '../../../../../src/core/advice/diagnose/refusals.ts';
import { decideInjection } from '../../../../../src/core/inject.ts';
import { formatProblems } from '../../../../../src/core/problems/problems.ts';
import { ROOT } from '../../../../image/built-image.ts';

const PLACE = { kind: 'ReplicaSet', namespace: 'shop', name: 'web-5d4f8' };
const explain = (message: string) => explainRefusal(`Error creating: ${message}`, PLACE);

it('explains a rejection by the injector by its codes', () => {
  const annotations = { 'secrets-injector.dev/env.X': 'db:password', 'secrets-injector.dev/evn.Y': 'x' };
  const pod = { metadata: { annotations }, spec: { containers: [{ name: 'app' }] } };
  const outcome = decideInjection(pod, { namespace: 'shop' }, { image: 'registry.example/a:1' });
  const text = outcome.kind === 'denied' ? formatProblems(outcome.problems) : '';
  expect(explain(`admission webhook "inject.secrets-injector.dev" denied the request: ${text}`)).toEqual({
    what: 'the injector rejected the pod: ANNOTATION_UNKNOWN, ALIAS_UNKNOWN',
    next: [
      'Correct the key. The message suggests the nearest known key. (docs/reference/problems.md#annotation_unknown)',
      'Add the annotation `secret.<alias>`, or use the ARN. (docs/reference/problems.md#alias_unknown)',
    ],
  });
});

it('tells a rule of the operator from a mistake in the pod', () => {
  const text = 'POLICY_DENIED secrets-injector.dev/file.x: rule "a" does not allow the account; ask';
  const { what } = explain(`admission webhook "retry-1.secrets-injector.dev" denied the request: ${text}`);
  expect(what).toBe('a rule of the operator rejected the pod: POLICY_DENIED');
});

const CALLED =
  'Internal error occurred: failed calling webhook "inject.secrets-injector.dev": failed to call webhook: Post "https://aws-secrets-injector.aws-secrets-injector.svc:443/mutate?timeout=5s": ';

it.each([
  [
    `pods "web-" is forbidden: exceeded quota: rules, requested: limits.memory=128Mi, used: limits.memory=0, limited: limits.memory=100Mi`,
    'the ResourceQuota rules does not allow the pod',
    'kubectl -n shop describe resourcequota rules',
  ],
  [
    'pods "web-" is forbidden: failed quota: rules: must specify limits.cpu for: app',
    'the ResourceQuota rules requires limits.cpu of every container, but app does not set it',
    'kubectl -n shop describe resourcequota rules',
  ],
  [
    'pods "web-" is forbidden: maximum memory usage per Container is 120Mi, but limit is 128Mi',
    'a LimitRange does not allow',
    'kubectl -n shop describe limitrange',
  ],
  [
    `pods "web-" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "app" must set securityContext.allowPrivilegeEscalation=false)`,
    'Pod Security (restricted:latest) rejected the pod, because of its own containers',
    'kubectl get namespace shop --show-labels',
  ],
  [
    `pods "web-" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (container "aws-secrets-fetch" must set x)`,
    'names an injected container',
    'kubectl get namespace shop --show-labels',
  ],
  [
    'Pod "web-x" is invalid: spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    'another webhook, which uses an older Kubernetes API version',
    'Find it: kubectl get mutatingwebhookconfigurations',
  ],
  [
    'Pod "web-x" is invalid: spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
    'the API server does not support native variables',
    'kubectl version',
  ],
  [
    'Pod "web-x" is invalid: spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    'dropped restartPolicy of an init container',
    'Find it: kubectl get mutatingwebhookconfigurations',
  ],
  [
    'Pod "web-x" is invalid: spec.containers[0].image: Required value',
    'does not accept the pod (status 422)',
    'kubectl -n shop get replicaset web-5d4f8 -o yaml',
  ],
  [
    'pods "web-" is forbidden: error looking up service account shop/web: serviceaccount "web" not found',
    'the service account of the pod does not exist',
    'kubectl -n shop get serviceaccounts',
  ],
  [
    'admission webhook "images.other.example" denied the request: images need a digest',
    "the webhook images.other.example, which is not the injector's, rejected the pod",
    'If it rejects the injected container, exclude aws-secrets-fetch there.',
  ],
  [
    `${CALLED}x509: certificate signed by unknown authority`,
    'the API server does not trust the certificate',
    'aws-secrets-injector doctor',
  ],
  [
    `${CALLED}dial tcp 10.0.0.1:443: connect: connection refused`,
    'the control plane cannot reach the pods of the webhook',
    'aws-secrets-injector doctor',
  ],
  [
    'Internal error occurred: failed calling webhook "x.other.example": EOF',
    "cannot call the webhook x.other.example, which is not the injector's",
    'kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations | grep x.other.example',
  ],
  [
    `pods "web-" is forbidden: ValidatingAdmissionPolicy 'limits.other.example' with binding 'x' denied request: no`,
    "the policy limits.other.example, which is not the injector's, rejected the pod",
    'kubectl get validatingadmissionpolicy limits.other.example -o yaml',
  ],
  ['something new', 'the API server rejected the pod', 'kubectl -n shop describe replicaset web-5d4f8'],
])('explains %s', (message, what, next) => {
  const explained = explain(message);
  expect(explained.what).toContain(what);
  expect(explained.next).toContain(next);
});

/** The policies of the guard, with their messages. */
const GUARD = path.join(ROOT, 'manifests/base/guard');
const POLICIES = readdirSync(GUARD)
  .flatMap((file) => parseAllDocuments(readFileSync(path.join(GUARD, file), 'utf8')))
  .map(
    (document) =>
      document.toJS() as {
        kind: string;
        metadata: { name: string };
        spec: { validations: { message?: string }[] };
      },
  )
  .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');

it.each(POLICIES.map(({ metadata }) => metadata.name))('explains a rejection by the policy %s', (name) => {
  const { what } = explain(
    `pods "web-" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: x`,
  );
  expect(what).toMatch(/^the guard rejected the pod/);
});

it('explains what to do about the first rejections of the guard', () => {
  const injected =
    POLICIES.find(({ metadata }) => metadata.name === 'aws-secrets-injector')?.spec.validations ?? [];
  const message = injected.find((one) => one.message?.includes('was not injected'))?.message ?? '';
  const denied = (name: string, text: string) =>
    explain(
      `pods "web-" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: ${text}`,
    );
  expect(denied('aws-secrets-injector', message)).toMatchObject({
    what: 'the guard rejected the pod, because the webhook did not inject it',
  });
  expect(denied('aws-secrets-injector-not-opted-in', 'the pod requests AWS secrets').next).toEqual([
    'kubectl label namespace shop secrets-injector.dev/injection=enabled',
  ]);
  expect(
    denied('aws-secrets-injector-not-opted-in', 'injection is not supported in the namespace').what,
  ).toContain('injection is not possible in the namespace shop');
});
