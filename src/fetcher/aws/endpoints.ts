/** Where STS and Secrets Manager of a Region are reached. */
import { partitionOf } from '../../core/names/arn.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import type { EndpointSettings } from '../process/environment.ts';

export type Service = 'sts' | 'secretsmanager';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The endpoint of a service. An endpoint that was configured wins over FIPS and dual stack.
 * Source: the partitions' endpoint rules of the AWS SDKs.
 */
export function endpointOf(service: Service, region: string, settings: EndpointSettings): URL | FetchProblem {
  const configured = service === 'sts' ? settings.sts : settings.secretsManager;
  if (configured !== undefined) return configuredEndpoint(service, configured);
  const partition = partitionOf(region);
  const suffix = settings.dualStack ? partition.dualStackDnsSuffix : partition.dnsSuffix;
  return new URL(`https://${service}${settings.fips ? '-fips' : ''}.${region}.${suffix}`);
}

function configuredEndpoint(service: Service, text: string): URL | FetchProblem {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.has(url.hostname));
  if (url !== undefined && isSafe && url.username === '') return url;
  return {
    code: 'AWS_UNAVAILABLE',
    subject: service === 'sts' ? 'AWS_ENDPOINT_URL_STS' : 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    wrong: 'the configured endpoint is not an https URL',
    expected: 'write one such as https://vpce-….amazonaws.com; plain http is for loopback alone',
  };
}
