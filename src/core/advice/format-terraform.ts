/** Policies as Terraform configuration, for the provider hashicorp/aws. */
import { Expression, hclBlock, jsonencode } from './hcl.ts';
import {
  descriptionOf,
  numberedWords,
  type TemplateContents,
  type TemplateIdentity,
  type TemplateSecret,
} from './template-contents.ts';

// Arguments `name_prefix`: 38 characters for a role, 102 for a policy.
const MOST_PREFIX = 37;

/** @returns HCL with a final line feed */
export function formatTerraform({ identities, secrets }: TemplateContents): string {
  return [...identities.flatMap(identityBlocks), ...secrets.map(secretBlock)].join('\n');
}

function identityBlocks(one: TemplateIdentity): readonly string[] {
  const { words, key, role, permissions, trust } = one;
  const prefix = { name_prefix: `${words.join('-').slice(0, MOST_PREFIX)}-` };
  const id = words.join('_');
  const policies = permissions.map((policy, index) =>
    hclBlock('resource', ['aws_iam_policy', policyId(words, index)], {
      ...prefix,
      description: descriptionOf(key),
      policy: jsonencode(policy),
    }),
  );
  const roles =
    trust === undefined
      ? []
      : [
          hclBlock('resource', ['aws_iam_role', identifier(id)], {
            ...(role === undefined ? prefix : { name: role.name, path: role.path }),
            description: descriptionOf(key),
            assume_role_policy: jsonencode(trust),
          }),
        ];
  const roleName = trust === undefined ? role?.name : new Expression(`aws_iam_role.${identifier(id)}.name`);
  const attachments =
    roleName === undefined
      ? []
      : permissions.map((_, index) =>
          hclBlock('resource', ['aws_iam_role_policy_attachment', policyId(words, index)], {
            role: roleName,
            policy_arn: new Expression(`aws_iam_policy.${policyId(words, index)}.arn`),
          }),
        );
  return [...policies, ...roles, ...attachments, ...outputs(one)];
}

function outputs({ words, key, permissions, trust }: TemplateIdentity): readonly string[] {
  if (trust !== undefined) {
    const id = identifier(words.join('_'));
    const value = new Expression(`aws_iam_role.${id}.arn`);
    return [hclBlock('output', [`${id}_role_arn`], { description: `The role of ${key}`, value })];
  }
  return permissions.map((_, index) =>
    hclBlock('output', [`${policyId(words, index)}_policy_arn`], {
      description: `A policy of ${key}`,
      value: new Expression(`aws_iam_policy.${policyId(words, index)}.arn`),
    }),
  );
}

function secretBlock({ words, arn, policy }: TemplateSecret): string {
  return hclBlock('resource', ['aws_secretsmanager_secret_policy', identifier(words.join('_'))], {
    secret_arn: arn,
    policy: jsonencode(policy),
    block_public_policy: true,
  });
}

function policyId(words: readonly string[], index: number): string {
  return identifier(numberedWords(words, index).join('_'));
}

/** A name of a resource starts with a letter or an underscore. */
function identifier(text: string): string {
  return /^[A-Za-z]/.test(text) ? text : `_${text}`;
}
