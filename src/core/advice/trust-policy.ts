/** Who may sign in to a role: pods by their service account, and other roles that assume it. */

import { oneOrMore, type Statement } from '../iam/policy-document.ts';
import { assumedRoleTrust, type Home, podIdentityTrust, webIdentityTrust } from '../iam/statements.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { accountKey } from './access.ts';
import type { AssumedBy, Identity, SignIn } from './identities.ts';
import type { Issuer } from './issuer.ts';

export interface TrustSettings {
  /** How pods without the annotation `role-arn` sign in. */
  readonly kind: 'irsa' | 'pod-identity';
  /** The issuer of service account tokens; needed for IRSA, and for pods with the annotation `role-arn`. */
  readonly issuer: Issuer | undefined;
  /** Of the tokens for IRSA. */
  readonly audience: string;
  /** Of the tokens that the webhook adds for the annotation `role-arn`. */
  readonly roleTokenAudience: string;
  /** The ARN of the EKS cluster, to trust its pods alone. */
  readonly cluster: string | undefined;
  /** Whether EKS Pod Identity passes session tags; an association can turn them off. */
  readonly sessionTags: boolean;
}

/** The statements that trust pods. The problem is a setting that is missing or contradicts the role. */
export function signInStatements(
  { key, signIns }: Identity,
  home: Home,
  trust: TrustSettings,
): Result<readonly Statement[], string> {
  const usesToken = ({ hasOwnRole }: SignIn) => hasOwnRole || trust.kind === 'irsa';
  const web = signIns.filter(usesToken);
  const pods = signIns.filter((one) => !usesToken(one));
  const podStatements = pods.length === 0 ? [] : podIdentityStatements(pods, trust);
  if (web.length === 0) return ok(podStatements);
  if (trust.issuer === undefined) {
    const why =
      trust.kind === 'irsa' ? '--trust irsa' : 'the annotation role-arn, which uses web identity tokens,';
    return failed(`${key}: ${why} needs the issuer of service account tokens: set --issuer`);
  }
  const { provider } = trust.issuer;
  if (provider !== undefined && provider.account !== home.account) {
    return failed(
      `${key}: the OIDC provider of --issuer is in account ${provider.account}, but the role is in account ${home.account}: set --issuer to the URL, or to the provider of that account`,
    );
  }
  const { issuer } = trust;
  const byAudience = Map.groupBy(web, (one) => (one.hasOwnRole ? trust.roleTokenAudience : trust.audience));
  const webStatements = [...byAudience].map(([audience, group]) =>
    webIdentityStatement(group, home, issuer, audience),
  );
  return ok([...webStatements, ...podStatements]);
}

/** IAM roles for service accounts (EKS User Guide, associate-service-account-role). */
function webIdentityStatement(
  signIns: readonly SignIn[],
  home: Home,
  { host }: Issuer,
  audience: string,
): Statement {
  const subjects = signIns.map(
    ({ serviceAccount: { namespace, name } }) => `system:serviceaccount:${namespace}:${name}`,
  );
  return webIdentityTrust(home, {
    host,
    audience: withoutVariables(audience),
    subjects: oneOrMore(subjects),
  });
}

/** An audience can contain the start of a policy variable. */
function withoutVariables(text: string): string {
  return text.replaceAll('$', () => '$' + '{$}');
}

/**
 * EKS Pod Identity (EKS User Guide, pod-id-role and pod-id-abac). One statement for each namespace: with several
 * namespaces in one, any of the names would be trusted in any of them.
 */
function podIdentityStatements(
  signIns: readonly SignIn[],
  { cluster, sessionTags }: TrustSettings,
): readonly Statement[] {
  if (!sessionTags) return [podIdentityTrust()];
  const accounts = [
    ...new Map(signIns.map((one) => [accountKey(one.serviceAccount), one.serviceAccount])).values(),
  ];
  return [...Map.groupBy(accounts, ({ namespace }) => namespace)].map(([namespace, group]) =>
    podIdentityTrust({
      'aws:RequestTag/kubernetes-namespace': namespace,
      'aws:RequestTag/kubernetes-service-account': oneOrMore(group.map(({ name }) => name)),
      ...(cluster === undefined ? {} : { 'aws:RequestTag/eks-cluster-arn': cluster }),
    }),
  );
}

/** The statements that trust roles to assume this one. Identities whose role is not known are left out. */
export function assumedByStatements(assumedBy: readonly AssumedBy[]): readonly Statement[] {
  const known = assumedBy.flatMap(({ role, externalId }) =>
    role === undefined ? [] : [{ role, externalId }],
  );
  return [...Map.groupBy(known, ({ externalId }) => externalId)].flatMap(([externalId, group]) =>
    assumedRoleTrust(
      group.map(({ role }) => role.text),
      externalId,
    ),
  );
}
