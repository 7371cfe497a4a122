/** The `iam-policy` command: reads manifests and prints the IAM policies that their pods need. */
import type { PodAccess } from '../../core/advice/access.ts';
import type { Advice } from '../../core/advice/advice.ts';
import { advise } from '../../core/advice/advise.ts';
import { formatCloudFormation } from '../../core/advice/format-cloudformation.ts';
import { formatJson } from '../../core/advice/format-json.ts';
import { formatTerraform } from '../../core/advice/format-terraform.ts';
import { accountsOf, contentsFor } from '../../core/advice/template-contents.ts';
import type { RoleArn } from '../../core/names/role-arn.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { readSettings } from '../../runtime/settings/settings.ts';
import { readAccess } from '../manifests/pod-access.ts';
import { readManifestFiles } from '../manifests/read-manifests.ts';
import { withFileFlag } from '../manifests/sources.ts';
import {
  adviceSettings,
  checkIamPolicy,
  decisionSettings,
  IAM_POLICY_SETTINGS,
  type IamPolicyValues,
  rolesByAccount,
} from './iam-policy-settings.ts';

export const IAM_POLICY_HELP: CommandHelp = {
  usage: 'iam-policy [-f FILE|FOLDER]… [flags]',
  about: `Prints the IAM policies that the pods of manifests need: for each role, or service account whose role is
not known, a policy that allows reading its secrets and nothing else. Reads files, folders and standard
input, such as the output of kustomize build and helm template. See docs/reference/iam-policy.md.`,
  examples: [
    'aws-secrets-injector iam-policy -f web.yaml',
    'aws-secrets-injector iam-policy -f deploy/ --format terraform',
  ],
  settings: IAM_POLICY_SETTINGS,
  variables: false,
};

/** Runs the command. @returns 0; 1 if a pod would be denied, a file cannot be read or a policy cannot be made; 2 for invalid flags */
export async function runIamPolicy(argv: readonly string[]): Promise<number> {
  const settings = readSettings(IAM_POLICY_SETTINGS, withFileFlag(argv), {}, checkIamPolicy);
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(IAM_POLICY_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { values } = settings;
  const { pods, warnings, problems } = readAll(values);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  // All or nothing: a policy that lacks the secrets of one pod would stop that pod later.
  if (problems.length > 0) return fail(problems, 1);
  if (pods.length === 0) return fail(['no pod in these manifests requests a secret'], 1);
  const advice = advise(pods, adviceSettings(values));
  if (!advice.ok) return fail(advice.problem, 1);
  const text = format(advice.value, values);
  if (!text.ok) return fail([text.problem], 1);
  for (const note of [...advice.value.notes, ...templateNotes(advice.value, values)])
    process.stderr.write(`note: ${note}\n`);
  process.stdout.write(text.value);
  return 0;
}

interface ReadManifests {
  readonly pods: readonly PodAccess[];
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

function readAll(values: IamPolicyValues): ReadManifests {
  const { files, ...found } = readManifestFiles(values.file ?? ['-'], values.namespace);
  const problems = [...found.problems];
  // The annotations of service accounts hold for the pods of all files. A flag wins.
  const roles = new Map<string, RoleArn>([
    ...files.flatMap((one) => [...one.roles]),
    ...rolesByAccount(values),
  ]);
  const settings = decisionSettings(values);
  const pods: PodAccess[] = [];
  for (const { name, templates } of files) {
    for (const template of templates) {
      const access = readAccess(template, roles, settings);
      if (!access.ok) problems.push(...access.problem.map((problem) => `${name}: ${problem}`));
      else if (access.value !== undefined) pods.push(access.value);
    }
  }
  return { pods, problems, warnings: found.warnings };
}

/** A template is for one account. JSON contains the documents of all. */
function format(advice: Advice, values: IamPolicyValues): Result<string, string> {
  if (values.format === 'json') return ok(formatJson(advice));
  const accounts = accountsOf(advice);
  const [only] = accounts;
  const account = values['template-account'] ?? (accounts.length === 1 ? only : undefined);
  if (account === undefined || !accounts.includes(account)) {
    const found =
      account === undefined ? 'a template is for one account' : `nothing belongs to account ${account}`;
    return failed(
      `${found}, and these policies belong to ${accounts.join(' and ')}: set --template-account to ${accounts.join(' or ')}`,
    );
  }
  const contents = contentsFor(advice, account, values.trust !== undefined);
  return ok(values.format === 'terraform' ? formatTerraform(contents) : formatCloudFormation(contents));
}

function templateNotes({ secrets, keys, identities }: Advice, values: IamPolicyValues): readonly string[] {
  if (values.format === 'json') return [];
  const assumed = identities.filter(({ trust }) => values.trust === undefined && trust !== undefined);
  const regions = new Set(secrets.map(({ arn }) => arn.region));
  return [
    ...keys.map(
      ({ key }) =>
        `${key.text}: its key policy needs a statement, which a template cannot add: use --format json to print it`,
    ),
    ...assumed.map(
      ({ identity: { key } }) =>
        `${key}: the template leaves the trust policy as it is: set --trust to create the role, or use --format json to print the policy`,
    ),
    ...(regions.size > 1
      ? [
          `the resource policies belong to secrets in ${[...regions].sort().join(' and ')}: apply each in its Region`,
        ]
      : []),
  ];
}

function fail(problems: readonly string[], code: number): number {
  process.stderr.write(problems.map((problem) => `iam-policy: ${problem}\n`).join(''));
  return code;
}
