/** Chooses how the pod signs in. To add a source, add a file to this folder and an entry to `SOURCES`. */
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, type Result } from '../../core/problems/result.ts';
import type { AwsEnvironment } from '../environment.ts';
import { openAssumedRole } from './assumed-role.ts';
import { identityMissing } from './missing.ts';
import { openPodIdentity } from './pod-identity.ts';
import type { CredentialSource, SourceParts } from './source.ts';
import { openWebIdentity } from './web-identity.ts';

/** Opens a source, or returns undefined if the environment does not request it. */
type Open = (
  environment: AwsEnvironment,
  region: string,
  parts: SourceParts,
) => Result<CredentialSource, FetchProblem> | undefined;

/** In the order of precedence: an association takes precedence over the annotation of IRSA, as in EKS. */
const SOURCES: readonly Open[] = [openPodIdentity, openWebIdentity];

/**
 * Opens the source that the environment requests. Static credentials, instance metadata and default chains are never used.
 * @param region for sign-in, where the environment sets none
 */
export function openCredentialSource(
  environment: AwsEnvironment,
  region: string,
  parts: SourceParts,
): Result<CredentialSource, FetchProblem> {
  const { isRoleToken, assumeRoleArn } = environment.identity;
  // The annotation role-arn requests exactly this role, whatever else EKS adds to the pod.
  const candidates = isRoleToken ? [openWebIdentity] : SOURCES;
  const first = firstOf(candidates, (open) => open(environment, region, parts));
  if (first === undefined) return failed(identityMissing(environment.identity));
  if (!first.ok || assumeRoleArn === undefined) return first;
  const assumed = openAssumedRole(first.value, assumeRoleArn, environment, region, parts);
  if (!assumed.ok) first.value.close();
  return assumed;
}

function firstOf<T, R>(list: readonly T[], map: (one: T) => R | undefined): R | undefined {
  for (const one of list) {
    const result = map(one);
    if (result !== undefined) return result;
  }
  return undefined;
}
