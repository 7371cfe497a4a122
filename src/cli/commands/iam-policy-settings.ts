/** The flags of the `iam-policy` command. */
import type { AdviceSettings } from '../../core/advice/advice.ts';
import { type Issuer, parseIssuer } from '../../core/advice/issuer.ts';
import { type KeyArn, parseKeyArn } from '../../core/advice/key-arn.ts';
import { parseRoleArn, type RoleArn } from '../../core/names/role-arn.ts';
import { DEFAULT_ROLE_TOKEN_AUDIENCE, type InjectionSettings } from '../../core/settings.ts';
import { INJECTION_SETTINGS, NATIVE_OFF } from '../../runtime/settings/injection.ts';
import { AUDIENCE, choice, type Kind, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, setting, type Values } from '../../runtime/settings/settings.ts';
import { VERSION } from '../../runtime/version.ts';
import { FILES, NAMESPACE } from '../manifests/sources.ts';

interface AccountRole {
  readonly serviceAccount: string;
  readonly role: RoleArn;
}

const ACCOUNT_ROLES: Kind<readonly AccountRole[]> = {
  placeholder: 'namespace/name=arn',
  expects:
    'the namespace and name of a service account and the ARN of its role, such as shop/web=arn:aws:iam::111122223333:role/shop',
  parse: (text) => {
    const [, serviceAccount, arn] = /^([a-z0-9.-]+\/[a-z0-9.-]+)=(.+)$/.exec(text) ?? [];
    const role = arn === undefined ? undefined : parseRoleArn(arn);
    return serviceAccount === undefined || role === undefined ? undefined : [{ serviceAccount, role }];
  },
  merge: (lists) => lists.flat(),
};

const ACCOUNT: Kind<string> = {
  placeholder: 'id',
  expects: 'the 12 digits of an AWS account ID',
  parse: (text) => (/^\d{12}$/.test(text) ? text : undefined),
};

const KEYS: Kind<readonly KeyArn[]> = {
  placeholder: 'arn',
  expects:
    'the ARN of a KMS key, such as arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab (policies cannot name the alias of a key)',
  parse: (text) => {
    const key = parseKeyArn(text);
    return key === undefined ? undefined : [key];
  },
  merge: (lists) => lists.flat(),
};

const ISSUER: Kind<Issuer> = {
  placeholder: 'url|arn',
  expects:
    'the https URL of an OIDC issuer, such as https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE, or the ARN of its provider in IAM',
  parse: parseIssuer,
};

const CLUSTER: Kind<string> = {
  placeholder: 'arn',
  expects: 'the ARN of an EKS cluster, such as arn:aws:eks:eu-west-1:111122223333:cluster/prod',
  parse: (text) =>
    /^arn:[a-z-]{3,20}:eks:[a-z0-9-]{1,63}:\d{12}:cluster\/[\w-]{1,100}$/.test(text) ? text : undefined,
};

export const IAM_POLICY_SETTINGS = {
  file: optional(
    FILES,
    'Manifests to read: files, or directories, which are searched recursively for files that end in .yaml, .yml or .json (short: -f). Can be set several times. By default, standard input.',
  ),
  namespace: setting(NAMESPACE, 'default', 'Namespace of objects without metadata.namespace.'),
  format: setting(choice('json', 'cloudformation', 'terraform'), 'json', 'What to print.'),
  role: setting(
    ACCOUNT_ROLES,
    [],
    'The role of a service account, such as that of an EKS Pod Identity association. Takes precedence over the annotation of the ServiceAccount. Can be set several times.',
  ),
  account: optional(
    ACCOUNT,
    'Account of roles that are not known. By default, that of the secrets that they read.',
  ),
  'kms-key': setting(
    KEYS,
    [],
    'Customer managed key of secrets, for kms:Decrypt. Manifests do not name the keys of secrets: a key applies to the secrets of its Region and account, or of its Region if the account has no key. Can be set several times.',
  ),
  'pin-stage': setting(
    SWITCH,
    false,
    'Allow only the versions that the pods request, by version stage and version ID. By default, all versions of their secrets.',
  ),
  trust: optional(
    choice('irsa', 'pod-identity'),
    'Also print which service accounts can assume the roles, through IAM roles for service accounts (IRSA) or EKS Pod Identity.',
  ),
  issuer: optional(
    ISSUER,
    'Issuer of service account tokens, for IRSA and for pods with the annotation role-arn.',
  ),
  audience: setting(
    AUDIENCE,
    DEFAULT_ROLE_TOKEN_AUDIENCE,
    'Audience of service account tokens for IRSA. Tokens for the annotation role-arn have that of --role-token-audience.',
  ),
  cluster: optional(
    CLUSTER,
    'EKS cluster whose pods may sign in with EKS Pod Identity. By default, any cluster.',
  ),
  'disable-session-tags': setting(
    SWITCH,
    false,
    'For associations of EKS Pod Identity with disabled session tags: trusts every association of the role.',
  ),
  'template-account': optional(
    ACCOUNT,
    'Account that a CloudFormation template or a Terraform configuration is for, if several are involved.',
  ),
  image: { ...INJECTION_SETTINGS.image, fallback: `aws-secrets-injector:${VERSION}` },
  'env-mode': INJECTION_SETTINGS['env-mode'],
  'namespace-env-mode': INJECTION_SETTINGS['namespace-env-mode'],
  'native-variables': setting(
    choice('on', 'off'),
    'on',
    'Whether pods can use native variables. Affects which pods are rejected, not the policies.',
  ),
  'refresh-check': {
    ...INJECTION_SETTINGS['refresh-check'],
    doc: 'How the fetcher of a pod with refresh finds out that a secret has changed. With describe, the policy also allows DescribeSecret.',
  },
  'require-complete-arns': INJECTION_SETTINGS['require-complete-arns'],
  'allowed-roles': INJECTION_SETTINGS['allowed-roles'],
  'role-token-audience': INJECTION_SETTINGS['role-token-audience'],
} as const;

export type IamPolicyValues = Values<typeof IAM_POLICY_SETTINGS>;

/** Service accounts with several roles. */
export function repeatedRoles({ role }: Pick<IamPolicyValues, 'role'>): readonly string[] {
  const names = role.map(({ serviceAccount }) => serviceAccount);
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].map((name) => `--role: ${name} is set more than once`);
}

/** Contradictions between flags. */
export function checkIamPolicy(values: IamPolicyValues): readonly string[] {
  const needs = (flag: string, what: string) => `--${flag}: applies only with ${what}`;
  return [
    ...repeatedRoles(values),
    ...(values.trust === 'irsa' && values.issuer === undefined ? ['--trust irsa: requires --issuer'] : []),
    ...(values.trust === undefined && values.issuer !== undefined ? [needs('issuer', '--trust')] : []),
    ...(values.trust === undefined && values.audience !== DEFAULT_ROLE_TOKEN_AUDIENCE
      ? [needs('audience', '--trust')]
      : []),
    ...(values.trust !== 'pod-identity' && values.cluster !== undefined
      ? [needs('cluster', '--trust pod-identity')]
      : []),
    ...(values.trust !== 'pod-identity' && values['disable-session-tags']
      ? [needs('disable-session-tags', '--trust pod-identity')]
      : []),
    ...(values.cluster !== undefined && values['disable-session-tags']
      ? ['--cluster: needs the session tags that --disable-session-tags turns off']
      : []),
    ...(values.format === 'json' && values['template-account'] !== undefined
      ? [needs('template-account', '--format cloudformation and --format terraform')]
      : []),
  ];
}

/** The settings for the core. */
export function adviceSettings(values: IamPolicyValues): AdviceSettings {
  const { trust: kind, issuer, audience, cluster } = values;
  return {
    keys: values['kms-key'],
    pinStage: values['pin-stage'],
    account: values.account,
    trust:
      kind === undefined
        ? undefined
        : {
            kind,
            issuer,
            audience,
            roleTokenAudience: values['role-token-audience'],
            cluster,
            sessionTags: !values['disable-session-tags'],
          },
  };
}

type DecisionValues = Pick<
  IamPolicyValues,
  | 'image'
  | 'env-mode'
  | 'namespace-env-mode'
  | 'native-variables'
  | 'refresh-check'
  | 'require-complete-arns'
  | 'allowed-roles'
  | 'role-token-audience'
>;

/** The settings that the decision about a pod depends on. */
export function decisionSettings(values: DecisionValues): InjectionSettings {
  return {
    image: values.image,
    envMode: values['env-mode'],
    namespaceEnvModes: new Map(values['namespace-env-mode'].map((one) => [one.namespace, one.choice])),
    native: values['native-variables'] === 'on' ? { can: true, probe: false } : NATIVE_OFF,
    sidecars: { can: true },
    refreshCheck: values['refresh-check'],
    requireCompleteArns: values['require-complete-arns'],
    allowedRoles: values['allowed-roles'],
    roleTokenAudience: values['role-token-audience'],
  };
}

/** The roles of service accounts that flags name. */
export function rolesByAccount({ role }: Pick<IamPolicyValues, 'role'>): ReadonlyMap<string, RoleArn> {
  return new Map(role.map((one) => [one.serviceAccount, one.role]));
}
