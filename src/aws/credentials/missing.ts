/** The problem of a pod without a usable identity: whose it would be, and why it may be missing. */
import { annotationKey } from '../../core/names/annotation-keys.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import type { Identity, PodFacts } from '../environment.ts';

/** Pairs of variables that belong together. */
const PAIRS = (identity: Identity) =>
  [
    { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: identity.credentialsUri },
    { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: identity.credentialsTokenFile },
    { name: 'AWS_ROLE_ARN', value: identity.roleArn },
    { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: identity.tokenFile },
  ] as const;

/** No source can be opened: the variables are missing, or only half of them is there. */
export function identityMissing(identity: Identity): FetchProblem {
  const [uri, uriToken, role, token] = PAIRS(identity);
  const half = halfOf(uri, uriToken) ?? halfOf(role, token);
  if (half !== undefined) {
    return {
      code: 'IDENTITY_MISSING',
      subject: half.missing,
      wrong: `the container sets ${half.present} but not ${half.missing}`,
      expected:
        'remove the variable from the manifest, or check the webhook that sets it: the EKS pod identity webhook sets both',
    };
  }
  const { pod } = identity;
  return {
    code: 'IDENTITY_MISSING',
    subject: 'AWS_ROLE_ARN',
    wrong: `${accountOf(pod)} has no AWS identity`,
    expected: `do one of: annotate the service account with eks.amazonaws.com/role-arn (IRSA); create an EKS Pod Identity association for it; set ${annotationKey('role-arn')}. If the annotation or association exists, create the pod again: it may be newer than the pod, the EKS pod identity webhook may not have run, or the pod's annotation eks.amazonaws.com/skip-containers excludes its containers`,
  };
}

interface Variable {
  readonly name: string;
  readonly value: string | undefined;
}

function halfOf(
  one: Variable,
  other: Variable,
): { readonly present: string; readonly missing: string } | undefined {
  if ((one.value === undefined) === (other.value === undefined)) return undefined;
  const [present, missing] = one.value === undefined ? [other, one] : [one, other];
  return { present: present.name, missing: missing.name };
}

/** `the pod runs as service account shop/web, which`, with a hint where the pod names none. */
function accountOf({ namespace, serviceAccount }: PodFacts): string {
  if (namespace === undefined || serviceAccount === undefined) return 'the pod';
  const name = `${namespace}/${serviceAccount}`;
  const hint =
    serviceAccount === 'default' ? ' (a pod without spec.serviceAccountName runs as "default")' : '';
  return `the pod runs as service account ${quote(name, 100)}${hint}, which`;
}
