/**
 * Checks one statement of a trust policy that allows (EKS User Guide, associate-service-account-role and pod-id-role; IAM
 * User Guide, "Create a role for OpenID Connect federation").
 */
import { matchesAction } from '../../iam/evaluate.ts';
import type { PolicyCondition, PolicyPrincipal, PolicyStatement } from '../../iam/read-policy.ts';
import type { AuditFindings } from './findings.ts';
import type { AuditInputs, AuditRole } from './inputs.ts';
import type { AuditCode } from './rules.ts';

export const WEB_IDENTITY_ACTION = 'sts:AssumeRoleWithWebIdentity';
export const POD_IDENTITY = 'pods.eks.amazonaws.com';

export interface TrustParts {
  readonly role: AuditRole;
  /** The service accounts that sign in to the role, as `namespace/name`. */
  readonly subjects: ReadonlySet<string>;
  /** The ARNs of the roles from which workloads assume it. */
  readonly assumers: ReadonlySet<string>;
  /** Names of the workloads that use the role. */
  readonly workloads: ReadonlySet<string>;
  readonly settings: Pick<AuditInputs, 'issuer' | 'cluster'>;
  readonly findings: AuditFindings;
}

/** The issuer of an OIDC provider, without its scheme. */
export function hostOf({ kind, id }: PolicyPrincipal): string | undefined {
  return kind === 'Federated' ? /^arn:[\w-]+:iam::\d{12}:oidc-provider\/(.+)$/.exec(id)?.[1] : undefined;
}

/** Whether pods can sign in to a role, by what its trust policy names. */
export function trustsPods({ trust }: AuditRole, issuer: string | undefined): boolean {
  return (trust?.statements ?? []).some(
    ({ effect, principals }) =>
      effect === 'Allow' &&
      (principals?.values ?? []).some((one) => {
        const host = hostOf(one);
        if (one.kind === 'Service') return one.id === POD_IDENTITY;
        return host !== undefined && (issuer === undefined ? /^oidc\.eks\./.test(host) : host === issuer);
      }),
  );
}

export function checkTrustStatement(statement: PolicyStatement, parts: TrustParts): void {
  const { principals, conditions, name } = statement;
  if (principals === undefined || principals.isExcluded) {
    add(parts, 'trust-undecided', `statement ${name} lets in everyone except those of NotPrincipal`);
    return;
  }
  for (const principal of principals.values) {
    const host = hostOf(principal);
    if (principal.kind === '*') {
      if (conditions.length === 0) add(parts, 'trust-everyone', `statement ${name} lets everyone in`);
      else
        add(
          parts,
          'trust-undecided',
          `statement ${name} lets everyone in who meets its condition on ${keysOf(conditions)}`,
        );
    } else if (host !== undefined) checkIssuer(statement, host, parts);
    else if (principal.kind === 'Service' && principal.id === POD_IDENTITY)
      checkPodIdentity(statement, parts);
    else if (!parts.assumers.has(principal.id))
      add(parts, 'trust-other-principal', `statement ${name} lets ${principal.id} in`);
  }
}

function add(
  { role, workloads, findings }: TrustParts,
  code: AuditCode,
  message: string,
  items: readonly string[] = [],
): void {
  findings.add(code, role.arn, message, { items, workloads });
}

function keysOf(conditions: readonly PolicyCondition[]): string {
  return [...new Set(conditions.map(({ key }) => key))].slice(0, 5).join(', ');
}

function checkIssuer(statement: PolicyStatement, host: string, parts: TrustParts): void {
  const { settings } = parts;
  if (matchesAction(statement, WEB_IDENTITY_ACTION) === 'no') return;
  const { name } = statement;
  if (settings.issuer !== undefined && settings.issuer !== host) {
    add(parts, 'trust-other-cluster', `statement ${name} lets tokens of the issuer ${host} in`);
    return;
  }
  const subjects = positive(statement, `${host}:sub`);
  if (subjects.length === 0)
    add(parts, 'trust-no-subject', `statement ${name} has no condition on ${host}:sub`);
  if (positive(statement, `${host}:aud`).length === 0)
    add(parts, 'trust-no-audience', `statement ${name} has no condition on ${host}:aud`);
  checkNames(
    name,
    subjects.map(({ text, isPattern }) => ({ text: text.replace(/^system:serviceaccount:/, ''), isPattern })),
    ':',
    parts,
  );
}

function checkPodIdentity(statement: PolicyStatement, parts: TrustParts): void {
  const { settings } = parts;
  const tag = (key: string) => positive(statement, `aws:RequestTag/${key}`);
  const [namespaces, accounts] = [tag('kubernetes-namespace'), tag('kubernetes-service-account')];
  const clusters = [...tag('eks-cluster-arn'), ...positive(statement, 'aws:SourceArn')];
  const { name } = statement;
  if (namespaces.length + accounts.length + clusters.length + tag('eks-cluster-name').length === 0)
    add(parts, 'trust-pod-identity-open', `statement ${name} lets every association in that names the role`);
  for (const { text, isPattern } of clusters)
    if (settings.cluster !== undefined && text !== settings.cluster && !isPattern)
      add(parts, 'trust-other-cluster', `statement ${name} lets pods of the cluster ${text} in`);
  if (namespaces.length === 0 || accounts.length === 0) return;
  const pairs = namespaces.flatMap((namespace) =>
    accounts.map((account) => ({
      text: `${namespace.text}/${account.text}`,
      isPattern: namespace.isPattern || account.isPattern,
    })),
  );
  checkNames(name, pairs.slice(0, MOST_NAMES), '/', parts);
}

const MOST_NAMES = 2000;

interface Expected {
  readonly text: string;
  /** Whether it stands for several values. */
  readonly isPattern: boolean;
}

function checkNames(
  statement: string,
  names: readonly Expected[],
  separator: ':' | '/',
  parts: TrustParts,
): void {
  const patterns = names.filter(({ isPattern }) => isPattern);
  if (patterns.length > 0)
    add(
      parts,
      'trust-wildcard-subject',
      `statement ${statement} lets service accounts in by a pattern`,
      patterns.map(({ text }) => text),
    );
  const others = names
    .filter(({ isPattern }) => !isPattern)
    .map(({ text }) => text.replace(separator, '/'))
    .filter((one) => !parts.subjects.has(one));
  if (others.length > 0)
    add(
      parts,
      'trust-other-subject',
      `statement ${statement} lets ${others.length === 1 ? 'a service account' : 'service accounts'} in that no workload uses`,
      others,
    );
}

/** The values that a condition requires of a key. Without the key in a request, `…IfExists` is met, but tokens have a subject. */
function positive({ conditions }: PolicyStatement, key: string): readonly Expected[] {
  return conditions
    .filter((one) => one.key.toLowerCase() === key.toLowerCase())
    .flatMap(({ operator, values }) => {
      const [, base = ''] = /^(?:ForAnyValue:)?(\w+?)(?:IfExists)?$/i.exec(operator) ?? [];
      const isEqual = /^string(?:equals|equalsignorecase)$/i.test(base);
      if (!isEqual && !/^(?:stringlike|arnlike|arnequals)$/i.test(base)) return [];
      return values.map((text) => ({ text, isPattern: !isEqual && /[*?]/.test(text) }));
    });
}
