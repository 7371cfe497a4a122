/** Whether the endpoints of AWS answer, in the Regions that workloads name. */
import { asObject, field } from '../../../core/json.ts';
import { partitionOf } from '../../../core/names/regions.ts';
import { type Check, type Context, type Finding, finding, okay, some } from '../check.ts';

/** The Regions of the secrets that workloads request, with those of the flags, sorted */
export async function regionsOf({ facts, regions }: Context): Promise<readonly string[]> {
  const workloads = await facts.workloads();
  const texts = (workloads.ok ? workloads.value : []).flatMap(({ template }) =>
    Object.values(asObject(field(field(template, 'metadata'), 'annotations')) ?? {}),
  );
  const found = texts.flatMap((text) => [
    ...String(text).matchAll(/arn:aws[a-z-]*:secretsmanager:([a-z]{2,5}(?:-[a-z]+)+-\d):/g),
  ]);
  return [...new Set([...regions, ...found.map(([, region]) => region ?? '')])].sort();
}

/** The address of a service in a Region. */
export function endpointOf(service: 'sts' | 'secretsmanager', region: string): URL {
  return new URL(`https://${service}.${region}.${partitionOf(region).dnsSuffix}`);
}

/** More are possible, but not in one cluster. */
const MOST_REGIONS = 10;

export const endpoints: Check = {
  name: 'aws-endpoints',
  about: 'DNS and TLS of Secrets Manager and STS in the Regions that workloads name.',
  async run(context, signal) {
    const regions = await regionsOf(context);
    const workloads = await context.facts.workloads();
    if (regions.length === 0 && !workloads.ok) return [workloads.problem];
    if (regions.length === 0)
      return [finding('skipped', 'no workload names a Region', 'Set one: --region eu-west-1')];
    const judged = regions.slice(0, MOST_REGIONS).map((region) => judge(region, context, signal));
    const more = regions.slice(MOST_REGIONS);
    return [
      ...(await Promise.all(judged)),
      ...(more.length === 0 ? [] : [finding('skipped', `further Regions: ${some(more)}`)]),
    ];
  },
};

async function judge(region: string, context: Context, signal: AbortSignal): Promise<Finding> {
  const problems = await Promise.all(
    (['secretsmanager', 'sts'] as const).map((service) =>
      problemOf(endpointOf(service, region), context, signal),
    ),
  );
  const found = problems.filter((one) => one !== undefined);
  const from = context.isInPod ? 'this pod' : 'this machine';
  if (found.length === 0) return okay(`Secrets Manager and STS in ${region} answer to ${from}`);
  // The network of a laptop can be another one than that of the cluster.
  return finding(
    context.isInPod ? 'fail' : 'warn',
    `${region}, from ${from}: ${found.join('; ')}`,
    'See docs/guides/private-clusters.md.',
    ...(context.isInPod ? [] : ['Run doctor in a pod of the cluster to check its network.']),
  );
}

/** Any answer over TLS that verifies will do. */
async function problemOf(url: URL, { network }: Context, signal: AbortSignal): Promise<string | undefined> {
  const addresses = await network.resolve(url.hostname);
  if (!addresses.ok) return `the name ${url.hostname} is not resolved (${addresses.problem})`;
  const answer = await network.get(url, signal);
  if (answer.ok) return undefined;
  return /CERT|SIGNED|ISSUER|VERIFY/.test(answer.code)
    ? `the certificate of ${url.hostname} is not trusted (${answer.code}): a proxy may inspect TLS`
    : `${url.hostname} does not answer (${answer.code})`;
}
