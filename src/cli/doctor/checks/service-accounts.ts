/** Whether the service accounts of requesting workloads have a role. */

import { field, textField } from '../../../core/json.ts';
import { annotationKey } from '../../../core/names/annotation-keys.ts';
import { parseRoleArn } from '../../../core/names/role-arn.ts';
import type { RequestingWorkload } from '../../cluster/requesting-workloads.ts';
import { type Check, count, type Finding, finding, okay, some } from '../check.ts';
import { METADATA, object, readAll } from '../facts.ts';

/** The annotation of the pod identity webhook (aws/amazon-eks-pod-identity-webhook, README). */
const ROLE = 'eks.amazonaws.com/role-arn';
const IRSA_WEBHOOK = 'pod-identity-webhook';
/** The DaemonSet of the agent for EKS Pod Identity. */
export const AGENT_PATH = '/apis/apps/v1/namespaces/kube-system/daemonsets/eks-pod-identity-agent';

export const serviceAccounts: Check = {
  name: 'service-accounts',
  about: 'The service accounts of workloads that request secrets: their role, and what adds it to pods.',
  async run({ api, facts }, signal) {
    const workloads = await facts.workloads();
    if (!workloads.ok) return [workloads.problem];
    // The fetcher of the others has a role of its own.
    const signing = workloads.value.filter((one) => !hasOwnRole(one));
    const names = [...new Set(signing.map(accountOf))];
    if (names.length === 0)
      return [
        okay(
          `no workload needs the role of its service account (${count(workloads.value.length, 'workload')} with requests)`,
        ),
      ];
    const part = { path: '/api/v1/serviceaccounts', accept: METADATA, right: 'list serviceaccounts -A' };
    const accounts = await readAll(api, part, signal);
    if (!accounts.ok) return [accounts.problem];
    const roles = new Map(accounts.value.map((one) => [nameOf(one), roleOf(one)]));
    const registrations = await facts.registrations();
    const hasWebhook = registrations.ok
      ? registrations.value.some((one) => textField(field(one, 'metadata'), 'name') === IRSA_WEBHOOK)
      : undefined;
    const agent = await api.ask(object(AGENT_PATH), signal);
    const hasAgent =
      agent.kind === 'answer' ? true : agent.kind === 'refused' && agent.status === 404 ? false : undefined;
    return judge({ names, roles, hasWebhook, hasAgent });
  },
};

interface Accounts {
  /** `shop/web`. */
  readonly names: readonly string[];
  /** The annotated role of each service account that exists; empty for none. */
  readonly roles: ReadonlyMap<string, string>;
  /** Undefined if it is not known. */
  readonly hasWebhook: boolean | undefined;
  readonly hasAgent: boolean | undefined;
}

function judge({ names, roles, hasWebhook, hasAgent }: Accounts): readonly Finding[] {
  const missing = names.filter((name) => !roles.has(name));
  const annotated = names.filter((name) => (roles.get(name) ?? '') !== '');
  const invalid = annotated.filter((name) => parseRoleArn(roles.get(name) ?? '') === undefined);
  const plain = names.filter((name) => roles.get(name) === '');
  const findings: Finding[] = [];
  if (missing.length > 0)
    findings.push(finding('fail', `service accounts do not exist: ${some(missing)}`, 'Create them.'));
  if (invalid.length > 0)
    findings.push(
      finding(
        'fail',
        `the annotation ${ROLE} is not the ARN of a role: ${some(invalid)}`,
        'See docs/guides/eks.md.',
      ),
    );
  if (annotated.length > invalid.length && hasWebhook === false)
    findings.push(
      finding(
        'warn',
        `the webhook ${IRSA_WEBHOOK} is missing, which adds the roles of service accounts to pods`,
        'On EKS it is built in; elsewhere install it, or use the annotation role-arn (docs/guides/roles.md).',
      ),
    );
  if (plain.length > 0 && hasAgent === false)
    findings.push(
      finding(
        'fail',
        `service accounts have no role, and the EKS Pod Identity agent is not installed: ${some(plain)}`,
        'See docs/guides/eks.md, or docs/guides/pod-identity.md.',
      ),
    );
  else if (plain.length > 0)
    findings.push(
      finding(
        'skipped',
        `whether these have an EKS Pod Identity association cannot be seen in the cluster: ${some(plain)}`,
        'aws eks list-pod-identity-associations --cluster-name CLUSTER',
      ),
    );
  const right = annotated.length - invalid.length;
  return right > 0
    ? [okay(`${count(right, 'service account')} of requesting workloads with a role (IRSA)`), ...findings]
    : findings;
}

function hasOwnRole({ template }: RequestingWorkload): boolean {
  const annotations = field(field(template, 'metadata'), 'annotations');
  return textField(annotations, annotationKey('role-arn')) !== undefined;
}

function accountOf({ namespace, template }: RequestingWorkload): string {
  return `${namespace}/${textField(field(template, 'spec'), 'serviceAccountName') || 'default'}`;
}

function nameOf(account: unknown): string {
  const metadata = field(account, 'metadata');
  return `${textField(metadata, 'namespace') ?? ''}/${textField(metadata, 'name') ?? ''}`;
}

function roleOf(account: unknown): string {
  return textField(field(field(account, 'metadata'), 'annotations'), ROLE) ?? '';
}
