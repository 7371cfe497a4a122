import { expect, it } from 'vitest';
import { hostOf, portOf } from '../../../../src/aws/connections/early-connections.ts';

it.each([
  ['https://sts.eu-west-1.amazonaws.com', 'sts.eu-west-1.amazonaws.com', 443],
  ['https://127.0.0.1:8443/', '127.0.0.1', 8443],
  // The agent of EKS Pod Identity.
  ['http://169.254.170.23/v1/credentials', '169.254.170.23', 80],
  ['http://[fd00:ec2::23]/v1/credentials', 'fd00:ec2::23', 80],
  ['http://proxy.example:3128', 'proxy.example', 3128],
])('%s is reached at %s, port %i', (url, host, port) => {
  expect([hostOf(new URL(url)), portOf(new URL(url))]).toEqual([host, port]);
});
