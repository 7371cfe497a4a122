import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// One project per tier, so that `scripts/test` can run, count and skip them apart.
const tiers = [
  'unit',
  'golden',
  'property',
  'server',
  'attack',
  'aws',
  'cli',
  'kubectl',
  'readers',
  'helm',
  'monitoring',
  'image',
  'release',
  'cluster',
  'eks',
  'long',
];

// Tiers that run the executable of dist/.
const runsDist = new Set(['unit', 'aws', 'cli', 'image', 'cluster', 'eks', 'long']);
const runsCluster = new Set(['cluster', 'eks', 'long']);
const runsBuilders = new Set([...runsCluster, 'image', 'release']);

export default defineConfig({
  test: {
    projects: tiers.map((tier) => ({
      test: {
        name: tier,
        include: [`test/${tier}/**/*.test.ts`],
        globalSetup: [
          'test/setup/node-version.ts',
          ...(runsDist.has(tier) ? ['test/setup/build.ts'] : []),
          ...(tier === 'monitoring' ? ['test/setup/prometheus.ts'] : []),
        ],
        testTimeout: tier === 'release' ? 1_800_000 : runsBuilders.has(tier) ? 600_000 : 30_000,
        hookTimeout: tier === 'release' ? 1_800_000 : runsBuilders.has(tier) ? 900_000 : 60_000,
        fileParallelism: !runsCluster.has(tier),
        // Vitest leaves a core free. Tests of the tier aws mostly wait for deadlines, so one more runs than there are cores.
        maxWorkers: availableParallelism() + (tier === 'aws' ? 1 : 0),
        // Most of a cluster's time is waiting, for kubelet's pauses above all.
        ...(runsCluster.has(tier) ? { maxConcurrency: 12 } : {}),
      },
    })),
  },
});
