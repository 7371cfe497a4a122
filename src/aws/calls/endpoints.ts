/** The endpoints of STS and Secrets Manager. */
import { type Partition, partitionOf } from '../../core/names/regions.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { EndpointSettings } from '../environment.ts';

export type Service = 'sts' | 'secretsmanager';

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

type Flags = Pick<EndpointSettings, 'fips' | 'dualStack'>;

/** The endpoint of a service in a Region. A configured endpoint takes precedence over FIPS and dual stack. */
export function endpointOf(
  service: Service,
  region: string,
  settings: EndpointSettings,
): Result<URL, FetchProblem> {
  const configured = service === 'sts' ? settings.sts : settings.secretsManager;
  if (configured !== undefined) return configuredEndpoint(service, configured);
  const partition = partitionOf(region);
  const { fips, dualStack } = namedFlags(service, partition, settings);
  const suffix = dualStack ? partition.dualStackDnsSuffix : partition.dnsSuffix;
  return ok(new URL(`https://${service}${fips ? '-fips' : ''}.${region}.${suffix}`));
}

/**
 * The flags that change the name of the host. Some hosts have no other name, because they always support FIPS or IPv6.
 * Source: the endpoint rules in the AWS SDK; a test compares the hosts of all Regions.
 */
function namedFlags(service: Service, { id }: Partition, { fips, dualStack }: Flags): Flags {
  switch (service) {
    case 'sts':
      return { fips: fips && (dualStack || id !== 'aws-us-gov'), dualStack };
    case 'secretsmanager': {
      const isPlain = id === 'aws' || id === 'aws-us-gov' || (id === 'aws-cn' && !fips);
      return { fips, dualStack: dualStack && !isPlain };
    }
  }
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
