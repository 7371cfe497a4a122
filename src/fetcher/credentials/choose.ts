/** Chooses how the pod signs in. To add a source, add a file to this folder and an entry to `SOURCES`. */
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, type Result } from '../../core/problems/result.ts';
import type { Environment } from '../process/environment.ts';
import type { CredentialSource, SourceParts } from './source.ts';
import { openWebIdentity } from './web-identity.ts';

/** Opens a source, or returns undefined if the environment does not request it. */
type Open = (
  environment: Environment,
  region: string,
  parts: SourceParts,
) => Result<CredentialSource, FetchProblem> | undefined;

/** In the order of precedence. */
const SOURCES: readonly Open[] = [openWebIdentity];

/**
 * Opens the source that the environment requests. Static credentials, instance metadata and default chains are never used.
 * @param region for sign-in, where the environment sets none
 */
export function openCredentialSource(
  environment: Environment,
  region: string,
  parts: SourceParts,
): Result<CredentialSource, FetchProblem> {
  for (const open of SOURCES) {
    const source = open(environment, region, parts);
    if (source !== undefined) return source;
  }
  return failed(identityMissing(environment.hasPodIdentity));
}

function identityMissing(hasPodIdentity: boolean): FetchProblem {
  const annotate =
    'annotate the service account with eks.amazonaws.com/role-arn (IRSA) and create the pod again';
  return {
    code: 'IDENTITY_MISSING',
    subject: 'AWS_WEB_IDENTITY_TOKEN_FILE',
    wrong: hasPodIdentity
      ? 'the pod has an EKS Pod Identity association, which this version does not support yet'
      : 'the pod has no AWS identity',
    expected: hasPodIdentity
      ? annotate
      : `${annotate}; this version does not support EKS Pod Identity associations yet`,
  };
}
