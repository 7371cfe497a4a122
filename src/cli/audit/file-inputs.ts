/** The inputs of an audit from files: IAM policies, listings of secrets, and resource policies. */
import type { AuditIam, AuditSecret } from '../../core/advice/audit/inputs.ts';
import { isAuthorizationDetails, readAuthorizationDetails } from '../../core/advice/audit/read-iam.ts';
import { readPolicyFiles } from '../../core/advice/audit/read-policy-files.ts';
import { readResourcePolicies, readSecretListing } from '../../core/advice/audit/read-secrets.ts';
import type { Policy } from '../../core/iam/read-policy.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { readJsonFiles } from './json-files.ts';

export interface FileInputs {
  readonly iam: AuditIam | undefined;
  readonly secrets: readonly AuditSecret[] | undefined;
  readonly resourcePolicies: ReadonlyMap<string, Policy | undefined> | undefined;
}

export interface FilePaths {
  readonly iam: readonly string[] | undefined;
  readonly secrets: readonly string[] | undefined;
  readonly 'resource-policies': readonly string[] | undefined;
  readonly account: string | undefined;
}

/** Reads the files of the flags. The problems name the flag and the file. */
export function readFileInputs(paths: FilePaths): Result<FileInputs, readonly string[]> {
  const iam = paths.iam === undefined ? undefined : readIam(paths.iam, paths.account);
  const secrets = paths.secrets === undefined ? undefined : readSecrets(paths.secrets);
  const given = paths['resource-policies'];
  const policies = given === undefined ? undefined : readPolicies(given);
  const problems = [
    ...(iam?.ok === false ? iam.problem : []),
    ...(secrets?.ok === false ? secrets.problem : []),
    ...(policies?.ok === false ? policies.problem : []),
  ];
  if (problems.length > 0) return failed(problems);
  return ok({
    iam: iam?.ok === true ? iam.value : undefined,
    secrets: secrets?.ok === true ? secrets.value : undefined,
    resourcePolicies: policies?.ok === true ? policies.value : undefined,
  });
}

function readIam(paths: readonly string[], account: string | undefined): Result<AuditIam, readonly string[]> {
  const files = readJsonFiles(paths);
  if (!files.ok) return failed(files.problem.map((one) => `--iam: ${one}`));
  const details = files.value.filter(({ json }) => isAuthorizationDetails(json));
  const others = files.value.filter(({ json }) => !isAuthorizationDetails(json));
  const roles = details.flatMap(({ json }) => readAuthorizationDetails(json));
  // Only these contain all roles of an account.
  const accounts = new Set(roles.map((role) => role.account));
  if (others.length === 0 && details.length > 0) return ok({ roles, accounts });
  const read = readPolicyFiles(others, { partition: 'aws', account });
  return read.ok ? ok({ roles: [...roles, ...read.value], accounts }) : failed([`--iam: ${read.problem}`]);
}

function readSecrets(paths: readonly string[]): Result<readonly AuditSecret[], readonly string[]> {
  const files = readJsonFiles(paths);
  if (!files.ok) return failed(files.problem.map((one) => `--secrets: ${one}`));
  const found = files.value.map(({ name, json }) => ({ name, read: readSecretListing(json) }));
  const problems = found.flatMap(({ name, read }) =>
    read.ok ? [] : [`--secrets: ${name}: ${read.problem}`],
  );
  return problems.length > 0
    ? failed(problems)
    : ok(found.flatMap(({ read }) => (read.ok ? read.value : [])));
}

function readPolicies(
  paths: readonly string[],
): Result<ReadonlyMap<string, Policy | undefined>, readonly string[]> {
  const files = readJsonFiles(paths);
  if (!files.ok) return failed(files.problem.map((one) => `--resource-policies: ${one}`));
  return ok(new Map(files.value.flatMap(({ json }) => [...readResourcePolicies(json)])));
}
