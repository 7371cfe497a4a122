/** The endpoints of STS and Secrets Manager. */
import { partitionOf } from '../../core/names/arn.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { EndpointSettings } from '../process/environment.ts';

export type Service = 'sts' | 'secretsmanager';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The endpoint of a service in a Region. A configured endpoint takes precedence over FIPS and dual stack.
 * Source: the partitions in the endpoint rules of the AWS SDKs.
 */
export function endpointOf(
  service: Service,
  region: string,
  settings: EndpointSettings,
): Result<URL, FetchProblem> {
  const configured = service === 'sts' ? settings.sts : settings.secretsManager;
  if (configured !== undefined) return configuredEndpoint(service, configured);
  const partition = partitionOf(region);
  const suffix = settings.dualStack ? partition.dualStackDnsSuffix : partition.dnsSuffix;
  return ok(new URL(`https://${service}${settings.fips ? '-fips' : ''}.${region}.${suffix}`));
}

function configuredEndpoint(service: Service, text: string): Result<URL, FetchProblem> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
  if (url !== undefined && isSafe && url.username === '') return ok(url);
  return failed({
    code: 'AWS_UNAVAILABLE',
    subject: service === 'sts' ? 'AWS_ENDPOINT_URL_STS' : 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    wrong: 'the configured endpoint is not an https URL',
    expected:
      'use a URL such as https://vpce-….amazonaws.com; plain http is allowed only for loopback addresses',
  });
}
