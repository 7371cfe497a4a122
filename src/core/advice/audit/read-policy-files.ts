/** Reads roles from files with policies: those that `iam-policy` prints, and single documents. */
import { type Policy, readPolicy } from '../../iam/read-policy.ts';
import { asArray, asObject, field } from '../../json.ts';
import { parseRoleArn } from '../../names/role-arn.ts';
import { failed, ok, type Result } from '../../problems/result.ts';
import type { AuditRole, NamedPolicy } from './inputs.ts';

export interface PolicyFile {
  /** Without folders. */
  readonly name: string;
  readonly json: unknown;
}

/** Where the roles of single documents are, whose files have only the name of the role. */
export interface PolicyHome {
  readonly partition: string;
  readonly account: string | undefined;
}

class RoleParts {
  readonly policies: NamedPolicy[] = [];
  readonly unread: string[] = [];
  trust: Policy | undefined;

  add(name: string, document: unknown): void {
    const read = readPolicy(document);
    if (read.ok) this.policies.push({ name, policy: read.value });
    else this.unread.push(name);
  }
}

/** Reads the files. The problem names the file. */
export function readPolicyFiles(
  files: readonly PolicyFile[],
  home: PolicyHome,
): Result<readonly AuditRole[], string> {
  const roles = new Map<string, RoleParts>();
  const partsOf = (arn: string) => {
    const parts = roles.get(arn) ?? new RoleParts();
    roles.set(arn, parts);
    return parts;
  };
  for (const { name, json } of files) {
    if (field(json, 'Statement') !== undefined) {
      const problem = addDocument(name, json, home, partsOf);
      if (problem !== undefined) return failed(problem);
      continue;
    }
    for (const [key, value] of Object.entries(asObject(json) ?? {})) {
      if (parseRoleArn(key) === undefined) continue;
      const parts = partsOf(key);
      for (const [index, one] of (asArray(field(value, 'permissionPolicies')) ?? []).entries())
        parts.add(`${name}, policy ${index + 1} of ${key}`, one);
      parts.trust ??= readable(field(value, 'trustPolicy'));
    }
  }
  if (roles.size === 0)
    return failed(
      'contains no policy of a role: expected the output of aws iam get-account-authorization-details or of iam-policy, or policy documents in files with the names of roles',
    );
  return ok([...roles].map(([arn, parts]) => roleOf(arn, parts)));
}

function readable(document: unknown): Policy | undefined {
  const read = readPolicy(document);
  return read.ok ? read.value : undefined;
}

/** `web.json` and `web.more.json` are policies of the role `web`, and `web.trust.json` is its trust policy. */
function addDocument(
  name: string,
  json: unknown,
  { partition, account }: PolicyHome,
  partsOf: (arn: string) => RoleParts,
): string | undefined {
  if (account === undefined)
    return `${name}: is the policy of one role: set --account to the account of the role`;
  const [role = '', ...more] = name.replace(/\.json$/, '').split('.');
  const arn = `arn:${partition}:iam::${account}:role/${role}`;
  if (parseRoleArn(arn) === undefined)
    return `${name}: is a policy document, but its name is not that of a role, as in web.json and web.trust.json`;
  if (more.at(-1) === 'trust') partsOf(arn).trust = readable(json);
  else partsOf(arn).add(name, json);
  return undefined;
}

function roleOf(arn: string, { policies, unread, trust }: RoleParts): AuditRole {
  const account = parseRoleArn(arn)?.account ?? '';
  return { arn, account, policies, boundary: undefined, unread, trust, tags: undefined };
}
