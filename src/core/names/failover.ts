/**
 * Replicas of secrets in other Regions. The ARN of a replica equals the ARN of its primary with another Region, the
 * suffix included. Source: AWS Secrets Manager User Guide, "Replicate AWS Secrets Manager secrets across Regions".
 */
import type { SecretArn } from './arn.ts';
import { isRegion, partitionOf } from './regions.ts';

/** The most Regions that an entry may name: each of them shortens the time for the others. */
export const MAX_FAILOVER_REGIONS = 4;

/** What is wrong with a Region of a list, and what to do. */
export interface FailoverFault {
  readonly index: number;
  readonly wrong: string;
  readonly expected: string;
}

/**
 * Every fault of the Regions that an entry names for a secret. The number of Regions is not checked.
 * @param regions in the order in which they are tried
 */
export function failoverFaults(regions: readonly string[], arn: SecretArn): readonly FailoverFault[] {
  return regions.flatMap((region, index) => {
    const fault = faultOf(region, regions.indexOf(region) < index, arn);
    return fault === undefined ? [] : [{ index, ...fault }];
  });
}

function faultOf(
  region: string,
  isRepeated: boolean,
  { partition, region: home }: SecretArn,
): Omit<FailoverFault, 'index'> | undefined {
  // Without a valid name, there is nothing to show.
  if (!isRegion(region))
    return {
      wrong: 'the value is not the name of a Region',
      expected: 'use a Region such as us-east-1',
    };
  if (isRepeated) return { wrong: `the list contains ${region} twice`, expected: 'remove one of the two' };
  if (region === home)
    return {
      wrong: `${region} is the Region of the secret itself`,
      expected: 'remove it; that Region is always tried first',
    };
  const other = partitionOf(region).id;
  if (other === partition) return undefined;
  return {
    wrong: `${region} belongs to partition ${other}, but the secret to partition ${partition}`,
    expected: `use Regions of partition ${partition}; secrets are not replicated to other partitions`,
  };
}

/** The ARN of the replica in a Region; in the Region of the secret itself, its own ARN. */
export function replicaIn(region: string, arn: SecretArn): SecretArn {
  if (region === arn.region) return arn;
  const fields = arn.text.split(':');
  return { ...arn, region, text: [...fields.slice(0, 3), region, ...fields.slice(4)].join(':') };
}
