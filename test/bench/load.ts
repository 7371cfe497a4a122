/** The webhook under loads of every kind, against a Fastify server under the same loads. */
import { withDirectory } from '../server/directory.ts';
import { median } from './median.ts';
import { hundredths, ratioOf, Servers } from './servers.ts';
import { benchReview } from './webhook-review.ts';

const KIB = 1024;
/** Bytes of a review: usual, with large annotations, and near the largest object that etcd stores. */
const SIZES = [0, 250 * KIB, 1024 * KIB];
const CONNECTIONS = [1, 16, 64];

export interface LoadRow {
  readonly reviewBytes: number;
  readonly connections: number;
  readonly hasNewConnections: boolean;
  /** Of the webhook: medians over the rounds. */
  readonly reviewsPerSecond: number;
  readonly p99Milliseconds: number;
  /** Reviews without a decision, in all rounds. */
  readonly refused: number;
  readonly rssMegabytesMost: number;
  /** Webhook to Fastify: medians of the ratios of each round. */
  readonly throughputRatio: number;
  readonly cpuRatio: number;
}

/** Measures each combination of size, connections and kind of connection. @param tell hears of each row as it is measured */
export async function measureLoad(
  rounds: number,
  milliseconds: number,
  tell: (row: LoadRow) => void,
): Promise<void> {
  for (const bytes of SIZES) {
    const review = benchReview(bytes);
    await withDirectory(async (directory) => {
      await using servers = await Servers.start({ directory, review });
      for (const connections of CONNECTIONS) {
        for (const hasNewConnections of [false, true]) {
          const seen = await servers.compare({ connections, milliseconds, hasNewConnections }, rounds);
          tell({
            reviewBytes: Buffer.byteLength(review),
            connections,
            hasNewConnections,
            reviewsPerSecond: Math.round(median(seen.webhook.map((one) => one.requestsPerSecond))),
            p99Milliseconds: hundredths(median(seen.webhook.map((one) => one.p99Milliseconds))),
            refused: seen.webhook.reduce((sum, one) => sum + one.refused, 0),
            rssMegabytesMost: Math.max(...seen.webhook.map((one) => one.rssMegabytes)),
            throughputRatio: ratioOf(seen, 'requestsPerSecond'),
            cpuRatio: ratioOf(seen, 'cpuMicrosecondsPerRequest'),
          });
        }
      }
    });
  }
}
