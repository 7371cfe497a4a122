/** The flags of the `audit` command. */
import { AUDIT_CODES, type AuditCode } from '../../core/advice/audit/rules.ts';
import { isRegion } from '../../core/names/regions.ts';
import { choice, type Kind, PATH, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, setting, type Values } from '../../runtime/settings/settings.ts';
import { CLUSTER_SETTINGS } from '../cluster/access.ts';
import { FILES } from '../manifests/sources.ts';
import { IAM_POLICY_SETTINGS } from './iam-policy-settings.ts';

const CODES: Kind<readonly AuditCode[]> = {
  placeholder: 'codes',
  expects: 'codes of docs/reference/audit.md, separated by commas',
  parse: (text) => {
    const codes = text.split(',').map((one) => AUDIT_CODES.find((code) => code === one.trim()));
    return codes.every((code) => code !== undefined) ? codes : undefined;
  },
  merge: (lists) => lists.flat(),
};

const REGIONS: Kind<readonly string[]> = {
  placeholder: 'region',
  expects: 'the name of a Region, such as eu-west-1',
  parse: (text) => (isRegion(text) ? [text] : undefined),
  merge: (lists) => lists.flat(),
};

export const AUDIT_SETTINGS = {
  file: optional(
    FILES,
    'Manifests to read, or lists of kubectl with workloads, service accounts and pods: files, or directories, which are searched recursively for files that end in .yaml, .yml or .json (short: -f). Can be set several times. By default, standard input, or the cluster with --live.',
  ),
  namespace: IAM_POLICY_SETTINGS.namespace,
  iam: optional(
    FILES,
    'Roles with their policies: the output of aws iam get-account-authorization-details or of iam-policy, or policy documents web.json and web.trust.json of a role web (with --account). Files, or directories with files that end in .json. Can be set several times, for several accounts.',
  ),
  secrets: optional(
    FILES,
    'Listings of secrets: the output of aws secretsmanager list-secrets. Files or directories. Can be set several times, for several accounts and Regions.',
  ),
  'resource-policies': optional(
    FILES,
    'Resource policies of secrets: outputs of aws secretsmanager get-resource-policy. Files or directories. A secret that is not in them has no resource policy.',
  ),
  live: setting(
    SWITCH,
    false,
    'Read what no flag gives a file for: workloads and pods from the cluster, roles and secrets from AWS. Only reads. In a pod, signs in with the identity of the pod; elsewhere, with kubectl and the AWS CLI.',
  ),
  region: optional(
    REGIONS,
    'Region whose secrets are read with --live. Can be set several times. By default, that of the environment variable AWS_REGION.',
  ),
  ...CLUSTER_SETTINGS,
  'aws-cli': setting(PATH, 'aws', 'The AWS CLI, which signs in outside of a pod.'),
  role: IAM_POLICY_SETTINGS.role,
  account: {
    ...IAM_POLICY_SETTINGS.account,
    doc: 'Account of the roles of single policy documents (--iam).',
  },
  issuer: {
    ...IAM_POLICY_SETTINGS.issuer,
    doc: 'Issuer of service account tokens of the cluster, to find roles that trust other issuers.',
  },
  audience: IAM_POLICY_SETTINGS.audience,
  cluster: {
    ...IAM_POLICY_SETTINGS.cluster,
    doc: 'ARN of the EKS cluster, to find roles that trust other clusters through EKS Pod Identity.',
  },
  format: setting(choice('text', 'json', 'sarif', 'markdown', 'html'), 'text', 'What to print.'),
  'fail-on': setting(
    choice('error', 'warning', 'note', 'never'),
    'error',
    'The lowest level of a finding for which the exit code is 1.',
  ),
  ignore: setting(
    CODES,
    [],
    'Codes of findings to leave out, separated by commas. Can be set several times.',
  ),
  image: IAM_POLICY_SETTINGS.image,
  'env-mode': IAM_POLICY_SETTINGS['env-mode'],
  'namespace-env-mode': IAM_POLICY_SETTINGS['namespace-env-mode'],
  'native-variables': {
    ...IAM_POLICY_SETTINGS['native-variables'],
    doc: 'Whether pods can use native variables. Affects which pods are rejected.',
  },
  'refresh-check': IAM_POLICY_SETTINGS['refresh-check'],
  'require-complete-arns': IAM_POLICY_SETTINGS['require-complete-arns'],
  'allowed-roles': IAM_POLICY_SETTINGS['allowed-roles'],
  'role-token-audience': IAM_POLICY_SETTINGS['role-token-audience'],
} as const;

export type AuditValues = Values<typeof AUDIT_SETTINGS>;
