/** Policies as a CloudFormation template. */
import { dump } from 'js-yaml';
import {
  descriptionOf,
  numberedWords,
  type TemplateContents,
  type TemplateIdentity,
  type TemplateSecret,
} from './template-contents.ts';

type Entries = readonly (readonly [string, object])[];

/** @returns YAML with a final line feed */
export function formatCloudFormation({ identities, secrets }: TemplateContents): string {
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'Least-privilege access to the secrets of Kubernetes pods',
    Resources: Object.fromEntries([...identities.flatMap(identityResources), ...secrets.map(secretResource)]),
    ...(identities.length === 0 ? {} : { Outputs: Object.fromEntries(identities.flatMap(outputs)) }),
  };
  return dump(template, { lineWidth: -1, noRefs: true });
}

function identityResources(one: TemplateIdentity): Entries {
  const { words, key, role, permissions, trust } = one;
  const policies = permissions.map(
    (policy, index) =>
      [
        policyId(words, index),
        {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: {
            Description: descriptionOf(key),
            PolicyDocument: policy,
            ...(role === undefined || trust !== undefined ? {} : { Roles: [role.name] }),
          },
        },
      ] as const,
  );
  if (trust === undefined) return policies;
  const properties = {
    ...(role === undefined ? {} : { RoleName: role.name, Path: role.path }),
    Description: descriptionOf(key),
    AssumeRolePolicyDocument: trust,
    ManagedPolicyArns: permissions.map((_, index) => ({ Ref: policyId(words, index) })),
  };
  return [...policies, [`Role${logicalId(words)}`, { Type: 'AWS::IAM::Role', Properties: properties }]];
}

function secretResource({ words, arn, policy }: TemplateSecret): readonly [string, object] {
  const properties = { SecretId: arn, ResourcePolicy: policy, BlockPublicPolicy: true };
  return [
    `SecretPolicy${logicalId(words)}`,
    { Type: 'AWS::SecretsManager::ResourcePolicy', Properties: properties },
  ];
}

function outputs({ words, key, permissions, trust }: TemplateIdentity): Entries {
  const id = logicalId(words);
  if (trust !== undefined)
    return [
      [`Role${id}Arn`, { Description: `The role of ${key}`, Value: { 'Fn::GetAtt': [`Role${id}`, 'Arn'] } }],
    ];
  return permissions.map((_, index) => [
    `${policyId(words, index)}Arn`,
    { Description: `A policy of ${key}`, Value: { Ref: policyId(words, index) } },
  ]);
}

function policyId(words: readonly string[], index: number): string {
  return `Policy${logicalId(numberedWords(words, index))}`;
}

/**
 * Follows the kind of the resource, so that no two kinds have one ID. It consists of letters and digits, at most 255 (CloudFormation User
 * Guide, resources-section-structure).
 */
function logicalId(words: readonly string[]): string {
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
