/** Judges an installation by the API server's answers to pods that it does not store (dry run). */
import { explainFailedCall } from '../../core/advice/diagnose/webhook-calls.ts';
import { asArray, field, textField } from '../../core/json.ts';
import { PREFIX } from '../../core/names/prefix.ts';
import type { ApiAnswer, ClusterApi } from '../../kubernetes/api-client.ts';

export type Judgement =
  | { readonly kind: 'passed'; readonly what: string }
  /** `again`: the cause can disappear by itself soon after an installation. */
  | {
      readonly kind: 'failed';
      readonly why: string;
      /** What to do; undefined if `why` says it. */
      readonly next?: string;
      readonly again: boolean;
    };

/** An ARN that every policy can be tested with; nobody fetches it, because the pod is not stored. */
const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:installation-check-AbCdEf';

/** A pod that requests a secret, and that every Pod Security profile allows. */
function requestingPod(): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'installation-check-',
      annotations: { [`${PREFIX}file.installation-check`]: ARN },
    },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'app',
          image: 'registry.example/installation-check',
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '1', memory: '64Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  });
}

function tryPod(api: ClusterApi, namespace: string, signal: AbortSignal): Promise<ApiAnswer> {
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const question = { path, accept: 'application/json', mostBytes: 1024 * 1024 };
  return api.ask({ ...question, create: requestingPod(), explain: true }, signal);
}

/** Whether a pod is injected. @param namespace with the opt-in label */
export async function judgeInjection(
  api: ClusterApi,
  namespace: string,
  signal: AbortSignal,
): Promise<Judgement> {
  const answer = await tryPod(api, namespace, signal);
  if (answer.kind === 'failed') return failed(`the API server does not answer: ${answer.what}`, true);
  if (answer.kind === 'answer')
    return isInjected(answer.json)
      ? { kind: 'passed', what: 'a pod that requests a secret is injected' }
      : failed('the pod was not injected, and nothing rejected it', true, NOT_CALLED);
  const message = answer.message ?? '';
  if (/failed calling webhook "[\w.-]*secrets-injector\.dev"/.test(message))
    return failed(`the API server cannot call the webhook: ${message}`, true, whyNotCalled(message));
  if (message.includes("ValidatingAdmissionPolicy 'aws-secrets-injector' "))
    return failed(`the pod was not injected, and the guard rejected it: ${message}`, true, NOT_CALLED);
  if (message.includes("ValidatingAdmissionPolicy 'aws-secrets-injector-"))
    return failed(`the guard rejected the injected pod: ${message}`, false);
  // The webhook works if the policy of the operator does not allow the made-up secret.
  if (/webhook "[\w.-]*secrets-injector\.dev" denied/.test(message) && message.includes('POLICY_DENIED'))
    return {
      kind: 'passed',
      what: 'the webhook applies the policy of the operator to a pod that requests a secret',
    };
  return failed(`the pod was rejected (status ${answer.status}): ${message}`, isSettling(message));
}

/** Whether the guard rejects a pod that nothing injects. @param namespace without the opt-in label */
export async function judgeGuard(
  api: ClusterApi,
  namespace: string,
  signal: AbortSignal,
): Promise<Judgement> {
  const answer = await tryPod(api, namespace, signal);
  if (answer.kind === 'failed') return failed(`the API server does not answer: ${answer.what}`, true);
  if (answer.kind === 'answer')
    return failed(
      'the guard is missing: a pod that requests a secret is accepted in a namespace that has not opted in',
      true,
      'Check: kubectl get validatingadmissionpolicybinding aws-secrets-injector-not-opted-in',
    );
  const message = answer.message ?? '';
  return message.includes("ValidatingAdmissionPolicy 'aws-secrets-injector-not-opted-in'")
    ? { kind: 'passed', what: 'the guard rejects a pod in a namespace that has not opted in' }
    : failed(
        `something else rejected the pod before the guard (status ${answer.status}): ${message}`,
        isSettling(message),
      );
}

const NOT_CALLED =
  'The API server did not call the webhook. Check: kubectl get mutatingwebhookconfiguration aws-secrets-injector';

function failed(why: string, again: boolean, next?: string): Judgement {
  return { kind: 'failed', why, again, ...(next === undefined ? {} : { next }) };
}

function isInjected(pod: unknown): boolean {
  const containers = asArray(field(field(pod, 'spec'), 'initContainers') ?? []) ?? [];
  return containers.some((one) => textField(one, 'name') === 'aws-secrets-fetch');
}

/** A namespace gets its service account, and a service account its rights, shortly after they are created. */
function isSettling(message: string): boolean {
  return /serviceaccount .* not found|User "system:serviceaccount:.*cannot create resource/.test(message);
}

function whyNotCalled(message: string): string {
  const { what, next } = explainFailedCall(message);
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}. ${next}`;
}
