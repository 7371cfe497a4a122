/** The hosts of STS and Secrets Manager, compared with those that the SDK's own rules give. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/nested-clients/sts';
import { describe, expect, it } from 'vitest';
import { endpointOf, type Service } from '../../../../src/aws/calls/endpoints.ts';
import { isRegion, partitionOf } from '../../../../src/core/names/regions.ts';

/** Regions by partition, from the data of the SDK, which does not export them. */
const PARTITIONS = partitionsOfSdk();
// Regions that the SDK does not know yet: it finds their partition by a pattern.
const FUTURE = ['us-south-9', 'eu-northwest-1', 'cn-east-2', 'us-gov-north-1', 'us-iso-south-1'].map(
  (region) => [region, partitionOf(region).id] as const,
);
const REGIONS = [...PARTITIONS, ...FUTURE];
const FLAGS = [false, true];

function partitionsOfSdk(): readonly (readonly [region: string, partition: string])[] {
  const root = path.dirname(createRequire(import.meta.url).resolve('@aws-sdk/core/package.json'));
  const file = path.join(root, 'dist-es/submodules/client/util-endpoints/lib/aws/partitions.js');
  const json = readFileSync(file, 'utf8').replace(/^export const partitionsInfo = |;\s*$/g, '');
  const { partitions } = JSON.parse(json) as { partitions: { id: string; regions: object }[] };
  return partitions.flatMap(({ id, regions }) =>
    Object.keys(regions)
      // The SDK lists `aws-global` and the like beside Regions.
      .filter((region) => !region.endsWith('-global'))
      .map((region) => [region, id] as const),
  );
}

const settings = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
const PROVIDERS = {
  sts: new STSClient(settings).config.endpointProvider,
  secretsmanager: new SecretsManagerClient(settings).config.endpointProvider,
} satisfies Record<Service, unknown>;

describe.each(['sts', 'secretsmanager'] as const)('%s', (service) => {
  it.each(REGIONS)('has the hosts of the SDK in %s (%s)', (region) => {
    for (const fips of FLAGS) {
      for (const dualStack of FLAGS) {
        const expected = PROVIDERS[service]({ Region: region, UseFIPS: fips, UseDualStack: dualStack });
        const got = endpointOf(service, region, {
          sts: undefined,
          secretsManager: undefined,
          fips,
          dualStack,
        });
        const flags = JSON.stringify({ fips, dualStack });
        expect([flags, got.ok && got.value.href]).toEqual([flags, expected.url.href]);
      }
    }
  });
});

it.each(PARTITIONS)('%s is a Region of partition %s', (region, partition) => {
  expect([isRegion(region), partitionOf(region).id]).toEqual([true, partition]);
});

it('the data of the SDK was found', () => {
  expect(PARTITIONS.length).toBeGreaterThan(40);
  expect(new Set(PARTITIONS.map(([, partition]) => partition)).size).toBe(8);
});

it.each([
  '',
  'us',
  'us-east',
  'US-EAST-1',
  'us-east-1\n',
  'us-east-1.example',
  'us-east-1/',
  'x@localhost:1/#',
  'us-east-1@localhost-1',
  'us--east-1',
  '-us-east-1',
  `us${'-east'.repeat(20)}-1`,
])('%j is not the name of a Region', (text) => {
  expect(isRegion(text)).toBe(false);
});
