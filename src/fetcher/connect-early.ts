/** The connections that a run will need, opened before the modules for TLS are loaded: a round trip passes meanwhile. */

import { endpointOf, type Service } from '../aws/calls/endpoints.ts';
import { connectEarly } from '../aws/connections/early-connections.ts';
import { hasStarted } from './files/status-file.ts';
import type { Start } from './start.ts';

/**
 * Opens connections to STS and Secrets Manager, if it is certain that the run makes calls without a proxy. What is wrong with
 * the plan or with the settings is reported later, by the run.
 */
export function connectForRun({ environment, plan: read }: Start): void {
  const { identity, proxy, endpoints, region, viewsDirectory } = environment;
  if (!read.ok || proxy.httpsProxy !== undefined) return;
  const { plan, arns } = read.value;
  if (plan.refresh !== undefined && hasStarted(plan, viewsDirectory)) return;
  const connect = (service: Service, where: string, count: number): void => {
    const endpoint = endpointOf(service, where, endpoints);
    if (endpoint.ok) connectEarly(endpoint.value, count);
  };
  const usesSts = identity.isRoleToken || identity.credentialsUri === undefined;
  if (usesSts && identity.roleArn !== undefined && identity.tokenFile !== undefined)
    connect('sts', region ?? arns[0]?.region ?? '', 1);
  for (const [where, { length }] of Map.groupBy(
    arns.map((arn) => arn.region),
    (one) => one,
  ))
    connect('secretsmanager', where, length);
}
