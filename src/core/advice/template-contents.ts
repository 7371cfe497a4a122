/** What a template for CloudFormation or Terraform contains: the resources of one account, each with a name of its own. */

import type { PolicyDocument } from '../iam/policy-document.ts';
import type { RoleArn } from '../names/role-arn.ts';
import type { Advice } from './advice.ts';

export interface TemplateIdentity {
  /** Words of letters and digits, different for each resource of the template: `['shop', 'web']`. */
  readonly words: readonly string[];
  readonly key: string;
  readonly role: RoleName | undefined;
  readonly permissions: readonly PolicyDocument[];
  /** Undefined if the role is not part of the template. */
  readonly trust: PolicyDocument | undefined;
}

export interface RoleName {
  readonly name: string;
  /** Starts and ends with a slash. */
  readonly path: string;
}

export interface TemplateSecret {
  readonly words: readonly string[];
  readonly arn: string;
  readonly policy: PolicyDocument;
}

export interface TemplateContents {
  readonly identities: readonly TemplateIdentity[];
  readonly secrets: readonly TemplateSecret[];
}

/** The accounts that have to allow something, in order. Key policies are not part of templates. */
export function accountsOf({ identities, secrets }: Advice): readonly string[] {
  const accounts = [...identities.map(({ account }) => account), ...secrets.map(({ arn }) => arn.account)];
  return [...new Set(accounts)].sort();
}

/** @param createRoles whether the template creates the roles; otherwise it attaches policies to existing ones */
export function contentsFor(advice: Advice, account: string, createRoles: boolean): TemplateContents {
  const taken = new Set<string>();
  const distinct = (text: string, parts: number) => {
    const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
    for (let number = 1; ; number += 1) {
      const numbered = number === 1 ? words : [...words, `${number}`];
      const ids = Array.from({ length: parts }, (_, index) =>
        numberedWords(numbered, index).join('').toLowerCase(),
      );
      if (ids.some((id) => taken.has(id))) continue;
      for (const id of ids) taken.add(id);
      return numbered;
    }
  };
  return {
    identities: advice.identities
      .filter((one) => one.account === account)
      .map(({ identity: { key, role }, permissions, trust }) => ({
        words: distinct(role?.name ?? key, permissions.length),
        key,
        role: role === undefined ? undefined : roleName(role),
        permissions,
        trust: createRoles ? trust : undefined,
      })),
    secrets: advice.secrets
      .filter(({ arn }) => arn.account === account)
      .map(({ arn, policy }) => ({ words: distinct(arn.name, 1), arn: arn.text, policy })),
  };
}

/** The words of one of several resources of an identity: the second and later ones are numbered. */
export function numberedWords(words: readonly string[], index: number): readonly string[] {
  return index === 0 ? words : [...words, `part${index + 1}`];
}

/** A description that IAM accepts, of at most 1,000 characters. */
export function descriptionOf(key: string): string {
  return `Access to secrets for ${key}`.slice(0, 1000);
}

function roleName({ name }: RoleArn): RoleName {
  const at = name.lastIndexOf('/') + 1;
  return { name: name.slice(at), path: `/${name.slice(0, at)}` };
}
