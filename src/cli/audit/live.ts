/** What an audit reads from the cluster and from AWS, where no files are given. */
import type { AuditIam, AuditSecret } from '../../core/advice/audit/inputs.ts';
import { readAuthorizationDetails } from '../../core/advice/audit/read-iam.ts';
import { readResourcePolicies, readSecretListing } from '../../core/advice/audit/read-secrets.ts';
import { isRegion } from '../../core/names/regions.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Environment } from '../../runtime/settings/settings.ts';
import { type ClusterChoice, openCluster } from '../cluster/access.ts';
import type { ManifestFiles } from '../manifests/read-manifests.ts';
import type { FileInputs } from './file-inputs.ts';
import { readCluster } from './live-cluster.ts';

export interface LiveSettings extends ClusterChoice {
  /** Manifests; the cluster is not read if there are any. */
  readonly file: readonly string[] | undefined;
  readonly region: readonly string[] | undefined;
  readonly 'aws-cli': string;
}

export interface Live {
  /** Undefined if manifests are given. */
  readonly manifests: ManifestFiles | undefined;
  readonly inputs: FileInputs;
}

/** For a cluster of thousands of workloads, and an account of thousands of secrets. */
const MOST_MILLISECONDS = 15 * 60_000;

/** Reads what is missing. The problems say what could not be read. */
export async function readLive(
  settings: LiveSettings,
  given: FileInputs,
  env: Environment,
): Promise<Result<Live, readonly string[]>> {
  const inputs = await readAws(settings, given, env);
  if (!inputs.ok) return failed([inputs.problem]);
  if (settings.file !== undefined) return ok({ manifests: undefined, inputs: inputs.value });
  const cluster = await openCluster(settings, env);
  if (!cluster.ok) return failed([cluster.problem]);
  try {
    const signal = AbortSignal.timeout(MOST_MILLISECONDS);
    const { manifests, problems } = await readCluster(cluster.value.api, signal);
    const read = { files: [manifests], problems, warnings: manifests.warnings };
    return ok({ manifests: read, inputs: inputs.value });
  } finally {
    cluster.value.close();
  }
}

async function readAws(
  settings: LiveSettings,
  given: FileInputs,
  env: Environment,
): Promise<Result<FileInputs, string>> {
  const parts = {
    iam: given.iam === undefined,
    secrets: given.secrets === undefined,
    resourcePolicies: given.resourcePolicies === undefined,
  };
  if (!parts.iam && !parts.secrets && !parts.resourcePolicies) return ok(given);
  const [region, ...more] = settings.region ?? regionsOf(env);
  if (region === undefined) return failed('--live: set --region, or the environment variable AWS_REGION');
  const isInPod = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  const { readInventory } = await import('../../inventory/inventory.ts');
  const read = await readInventory({
    regions: [region, ...more],
    variables: env,
    aws: settings['aws-cli'],
    isInPod,
    parts,
  });
  if (!read.ok) return read;
  return ok({
    iam: given.iam ?? iamOf(read.value),
    secrets: given.secrets ?? secretsOf(read.value),
    resourcePolicies: given.resourcePolicies ?? readResourcePolicies(read.value.resourcePolicies),
  });
}

function regionsOf(env: Environment): readonly string[] {
  return [env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || ''].filter(isRegion);
}

function iamOf({ iam }: Inventory): AuditIam {
  const roles = readAuthorizationDetails(iam);
  return { roles, accounts: new Set(roles.map(({ account }) => account)) };
}

function secretsOf({ secrets }: Inventory): readonly AuditSecret[] {
  return secrets.flatMap((page) => {
    const listing = readSecretListing(page);
    return listing.ok ? listing.value : [];
  });
}
