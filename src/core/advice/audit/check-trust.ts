/** Checks whom the trust policies of roles let in: the service accounts that use them, and nobody else. */
import { anyOf, type Certainty, certain } from '../../iam/certainty.ts';
import { effectsOf } from '../../iam/evaluate.ts';
import type { Policy, PolicyPrincipal } from '../../iam/read-policy.ts';
import { RequestContext } from '../../iam/request-context.ts';
import { accountKey } from '../access.ts';
import { type Budget, sizeOf } from './budget.ts';
import { accountOf } from './decision.ts';
import type { AuditFindings } from './findings.ts';
import type { AuditInputs, AuditRole } from './inputs.ts';
import { checkTrustStatement, hostOf, POD_IDENTITY, WEB_IDENTITY_ACTION } from './trust-statement.ts';
import type { AssumedUse, RoleUse, SignInUse } from './uses.ts';

export type TrustSettings = Pick<AuditInputs, 'issuer' | 'cluster' | 'audience' | 'roleTokenAudience'>;

export interface TrustChecks {
  readonly settings: TrustSettings;
  readonly findings: AuditFindings;
  readonly budget: Budget;
}

export function checkTrust(role: AuditRole, use: RoleUse | undefined, checks: TrustChecks): void {
  const { settings, findings, budget } = checks;
  const { trust } = role;
  if (trust === undefined) {
    if (use !== undefined)
      findings.add('policy-undecided', role.arn, 'its trust policy was not given or cannot be read');
    return;
  }
  const subjects = new Set([...(use?.signIns.values() ?? [])].map((one) => accountKey(one.serviceAccount)));
  const assumptions = [...(use?.assumedFrom.values() ?? [])];
  const assumers = new Set(assumptions.flatMap(({ from }) => from ?? []));
  const workloads = use?.workloads ?? new Set();
  for (const statement of trust.statements)
    if (statement.effect === 'Allow')
      checkTrustStatement(statement, { role, subjects, assumers, workloads, settings, findings });
  const hosts = hostsIn(trust, settings);
  const steps = sizeOf([trust]) * (hosts.length + 1) * ((use?.signIns.size ?? 0) + assumptions.length);
  if (!budget.spendOnComparisons(steps)) {
    findings.add('trust-undecided', role.arn, 'its trust policy takes too much work to evaluate');
    return;
  }
  for (const signIn of use?.signIns.values() ?? []) checkSignIn(role, trust, signIn, { settings, findings });
  for (const one of assumptions) checkAssumption(role, trust, one, findings);
}

interface SignInParts {
  readonly settings: TrustSettings;
  readonly findings: AuditFindings;
}

function checkSignIn(
  role: AuditRole,
  trust: Policy,
  signIn: SignInUse,
  { settings, findings }: SignInParts,
): void {
  const web = hostsIn(trust, settings).map((host) => webIdentity(role, trust, host, { signIn, settings }));
  const pod = signIn.hasOwnRole ? 'no' : podIdentity(trust, signIn, settings);
  report(anyOf([...web, pod]), role, `the service account ${accountKey(signIn.serviceAccount)}`, {
    workloads: signIn.workloads,
    findings,
  });
}

/** The issuers that a trust policy names. */
function hostsIn(trust: Policy, { issuer }: TrustSettings): readonly string[] {
  if (issuer !== undefined) return [issuer];
  const principals = trust.statements.flatMap((one) => one.principals?.values ?? []);
  return [...new Set(principals.flatMap((one) => hostOf(one) ?? []))];
}

function webIdentity(
  role: AuditRole,
  trust: Policy,
  host: string,
  { signIn, settings }: { readonly signIn: SignInUse; readonly settings: TrustSettings },
): Certainty {
  const { namespace, name } = signIn.serviceAccount;
  const { allow, deny } = effectsOf([trust], {
    action: WEB_IDENTITY_ACTION,
    resource: undefined,
    isCaller: (one) =>
      certain(isEveryone(one) || (hostOf(one) === host && one.id.includes(`:${role.account}:`))),
    context: new RequestContext({
      [`${host}:sub`]: [`system:serviceaccount:${namespace}:${name}`],
      [`${host}:aud`]: [signIn.hasOwnRole ? settings.roleTokenAudience : settings.audience],
    }),
  });
  return effective(allow, deny);
}

function podIdentity(trust: Policy, { serviceAccount }: SignInUse, { cluster }: TrustSettings): Certainty {
  const tag = 'aws:RequestTag/';
  const context = new RequestContext({
    [`${tag}kubernetes-namespace`]: [serviceAccount.namespace],
    [`${tag}kubernetes-service-account`]: [serviceAccount.name],
    ...(cluster === undefined
      ? {}
      : {
          [`${tag}eks-cluster-arn`]: [cluster],
          [`${tag}eks-cluster-name`]: [cluster.split('/').at(-1) ?? ''],
          'aws:SourceArn': [cluster],
        }),
  });
  const { allow, deny } = effectsOf([trust], {
    action: 'sts:AssumeRole',
    resource: undefined,
    isCaller: (one) => certain(isEveryone(one) || (one.kind === 'Service' && one.id === POD_IDENTITY)),
    context,
  });
  return effective(allow, deny);
}

function checkAssumption(
  role: AuditRole,
  trust: Policy,
  { from, externalId, workloads }: AssumedUse,
  findings: AuditFindings,
): void {
  // A workload whose own role is not known is reported for that.
  if (from === undefined) return;
  const account = /^arn:[\w-]+:iam::(\d{12}):/.exec(from)?.[1] ?? '';
  const { allow, deny } = effectsOf([trust], {
    action: 'sts:AssumeRole',
    resource: undefined,
    isCaller: ({ kind, id }) =>
      certain(kind === '*' || (kind === 'AWS' && (id === from || accountOf(id) === account))),
    context: new RequestContext({
      'aws:PrincipalArn': [from],
      'aws:PrincipalAccount': [account],
      'sts:ExternalId': externalId === undefined ? 'absent' : [externalId],
    }),
  });
  report(effective(allow, deny), role, `the role ${from}`, { workloads, findings });
}

function effective(allow: Certainty, deny: Certainty): Certainty {
  if (deny === 'yes') return 'no';
  return deny === 'unknown' && allow === 'yes' ? 'unknown' : allow;
}

function report(
  isLetIn: Certainty,
  { arn }: AuditRole,
  who: string,
  { workloads, findings }: { readonly workloads: ReadonlySet<string>; readonly findings: AuditFindings },
): void {
  if (isLetIn === 'no')
    findings.add('sign-in-not-trusted', arn, `its trust policy does not let ${who} in`, { workloads });
  else if (isLetIn === 'unknown')
    findings.add(
      'trust-undecided',
      arn,
      `whether its trust policy lets ${who} in depends on conditions whose values are not known`,
      { workloads },
    );
}

function isEveryone({ kind }: PolicyPrincipal): boolean {
  return kind === '*';
}
