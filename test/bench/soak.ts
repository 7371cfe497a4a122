/** The webhook under load for minutes: whether its memory grows. */
import { withDirectory } from '../server/directory.ts';
import { Servers } from './servers.ts';
import { benchReview } from './webhook-review.ts';

/** Each visit of the load opens connections; every other one opens one for each request. */
const VISIT_MILLISECONDS = 5000;

export interface SoakFigures {
  readonly reviews: number;
  readonly refused: number;
  /** The most in each minute. */
  readonly rssMegabytes: readonly number[];
  /** Of a straight line through all samples after the first fifth, in which the heap reaches its size. */
  readonly megabytesPerMinute: number;
}

/** Runs the load. */
export async function soak(minutes: number): Promise<SoakFigures> {
  return await withDirectory(async (directory) => {
    await using servers = await Servers.start({ directory, review: benchReview() });
    const started = performance.now();
    const samples: { readonly minute: number; readonly rss: number }[] = [];
    let [reviews, refused] = [0, 0];
    for (let visit = 0; performance.now() - started < minutes * 60_000; visit += 1) {
      const load = { connections: 16, milliseconds: VISIT_MILLISECONDS, hasNewConnections: visit % 2 === 1 };
      const round = await servers.visit('webhook', load);
      reviews += round.requests;
      refused += round.refused;
      samples.push({ minute: (performance.now() - started) / 60_000, rss: round.rssMegabytes });
    }
    const rssMegabytes = Array.from({ length: Math.ceil(minutes) }, (_, minute) =>
      Math.max(...samples.filter((one) => Math.floor(one.minute) === minute).map(({ rss }) => rss)),
    );
    const late = samples.filter(({ minute }) => minute > minutes / 5);
    return { reviews, refused, rssMegabytes, megabytesPerMinute: slope(late) };
  });
}

/** Least squares. */
function slope(samples: readonly { readonly minute: number; readonly rss: number }[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  const [minute, rss] = [mean(samples.map((one) => one.minute)), mean(samples.map((one) => one.rss))];
  const covariance = mean(samples.map((one) => (one.minute - minute) * (one.rss - rss)));
  return covariance / mean(samples.map((one) => (one.minute - minute) ** 2));
}
