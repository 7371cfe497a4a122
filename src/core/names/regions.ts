/** AWS Regions and their partitions. */

export interface Partition {
  readonly id: string;
  /** Regions of this partition, by the start of their name. */
  readonly regionPrefixes: readonly string[];
  readonly dnsSuffix: string;
  readonly dualStackDnsSuffix: string;
}

/** Source: the partitions in AWS SDK's endpoint rules. `aws` takes every Region that no other partition claims. */
const PARTITIONS: readonly Partition[] = [
  {
    id: 'aws-cn',
    regionPrefixes: ['cn-'],
    dnsSuffix: 'amazonaws.com.cn',
    dualStackDnsSuffix: 'api.amazonwebservices.com.cn',
  },
  {
    id: 'aws-us-gov',
    regionPrefixes: ['us-gov-'],
    dnsSuffix: 'amazonaws.com',
    dualStackDnsSuffix: 'api.aws',
  },
  {
    id: 'aws-iso',
    regionPrefixes: ['us-iso-'],
    dnsSuffix: 'c2s.ic.gov',
    dualStackDnsSuffix: 'api.aws.ic.gov',
  },
  {
    id: 'aws-iso-b',
    regionPrefixes: ['us-isob-'],
    dnsSuffix: 'sc2s.sgov.gov',
    dualStackDnsSuffix: 'api.aws.scloud',
  },
  {
    id: 'aws-iso-e',
    regionPrefixes: ['eu-isoe-'],
    dnsSuffix: 'cloud.adc-e.uk',
    dualStackDnsSuffix: 'api.cloud-aws.adc-e.uk',
  },
  {
    id: 'aws-iso-f',
    regionPrefixes: ['us-isof-'],
    dnsSuffix: 'csp.hci.ic.gov',
    dualStackDnsSuffix: 'api.aws.hci.ic.gov',
  },
  {
    id: 'aws-eusc',
    regionPrefixes: ['eusc-'],
    dnsSuffix: 'amazonaws.eu',
    dualStackDnsSuffix: 'api.amazonwebservices.eu',
  },
];

const AWS: Partition = {
  id: 'aws',
  regionPrefixes: [],
  dnsSuffix: 'amazonaws.com',
  dualStackDnsSuffix: 'api.aws',
};

/** The partition that a Region belongs to. */
export function partitionOf(region: string): Partition {
  for (const partition of PARTITIONS) {
    for (const prefix of partition.regionPrefixes) if (region.startsWith(prefix)) return partition;
  }
  return AWS;
}

/** A Region becomes a label of host names, so nothing else may pass, and not more than a label can have. */
export const REGION = /^[a-z]{2,8}(?:-[a-z]+)+-\d{1,2}$/;
export const LONGEST_REGION = 63;

/** Whether a text has the form of a Region's name. New Regions are accepted without a list. */
export function isRegion(text: string): boolean {
  return text.length <= LONGEST_REGION && REGION.test(text);
}
