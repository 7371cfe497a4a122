/** The decision itself, without a network: review text in, answer text out. */
import { decideReview, encodeReview } from '../../src/core/admission.ts';
import { PREFIX } from '../../src/core/names/prefix.ts';
import { GROWING } from '../property/growth.ts';
import { median } from './median.ts';
import type { Samples } from './samples.ts';
import { benchPodBytes, benchReview } from './webhook-review.ts';

const SETTINGS = { image: 'registry.example/aws-secrets-injector:bench' };

export interface DecisionFigures {
  /** Microseconds for the usual pod, parsing and encoding included. */
  readonly reviewMicroseconds: number;
  /** Of these, JSON.parse alone. */
  readonly parseMicroseconds: number;
  readonly podBytes: number;
  readonly rounds: number;
  /** Microseconds by size: containers and references, doubled each time. */
  readonly growth: readonly {
    readonly containers: number;
    readonly references: number;
    readonly microseconds: number;
  }[];
  /** The slowest of the pods that the property tests grow, in the form and up to the size that an API server sends. */
  readonly worst: { readonly part: string; readonly bytes: number; readonly milliseconds: number };
}

const encode = (text: string): string => Buffer.from(text).toString('base64');

function decideText(text: string): string {
  const decided = decideReview(JSON.parse(text), SETTINGS);
  if (decided === undefined || decided.outcome.kind !== 'injected')
    throw new Error('the bench pod is not injected');
  return JSON.stringify(encodeReview(decided.facts.uid, decided.outcome, encode));
}

/** Calls in one sample, so that a sample of a fast measurement is long enough too. */
const USUAL_CALLS = 2000;
const LARGE_CALLS = 12;

/** Measures in this process, on warm code: medians of interleaved rounds. */
export async function measureDecision(samples: Samples, rounds = 15): Promise<DecisionFigures> {
  const review = benchReview();
  const large = [25, 50, 100, 200].map((containers) => {
    const references = (containers * 5) / 2;
    return { containers, references, text: largeReview(containers, references) };
  });
  const round = () => ({
    review: microseconds(() => decideText(review), USUAL_CALLS),
    parse: microseconds(() => JSON.parse(review), USUAL_CALLS),
    large: large.map(({ text }) => microseconds(() => decideText(text), LARGE_CALLS)),
  });
  for (let warm = 0; warm < WARM_ROUNDS; warm += 1) round();
  const seen = await samples.take('decision', rounds, round);
  return {
    podBytes: benchPodBytes(),
    rounds,
    reviewMicroseconds: median(seen.map((one) => one.review)),
    parseMicroseconds: median(seen.map((one) => one.parse)),
    growth: large.map(({ containers, references }, at) => ({
      ...{ containers, references },
      microseconds: median(seen.map((one) => one.large[at] ?? Number.NaN)),
    })),
    worst: await worstDecision(samples, Math.min(rounds, MOST_WORST_CALLS)),
  };
}

/** The mean of some calls. */
function microseconds(work: () => unknown, calls: number): number {
  const started = performance.now();
  for (let call = 0; call < calls; call += 1) work();
  return ((performance.now() - started) * 1000) / calls;
}

/** V8 optimizes hot functions for the last time after about 24,000 decisions. */
const WARM_ROUNDS = 12;
/** Of each large pod. */
const MOST_WORST_CALLS = 9;
const MOST_BYTES = 3 * 1024 * 1024;
const WORST_SETTINGS = { ...SETTINGS, native: { can: true, probe: true } } as const;

async function worstDecision(samples: Samples, calls: number): Promise<DecisionFigures['worst']> {
  let worst = { part: '', bytes: 0, milliseconds: 0 };
  for (const [part, [largest, make]] of Object.entries(GROWING)) {
    const text = largestReview(largest, make);
    const decide = () => {
      const decided = decideReview(JSON.parse(text), WORST_SETTINGS);
      if (decided === undefined) throw new Error('the review contains no uid');
      JSON.stringify(encodeReview(decided.facts.uid, decided.outcome, encode));
    };
    const round = () => median(Array.from({ length: calls }, () => microseconds(decide, 1))) / 1000;
    const [milliseconds = Number.NaN] = await samples.take('decision, worst of the large pods', 1, round);
    if (milliseconds > worst.milliseconds) worst = { part, bytes: text.length, milliseconds };
  }
  return worst;
}

/** The largest review up to the size that an API server accepts for a pod. */
function largestReview(largest: number, make: (size: number) => unknown): string {
  for (let size = largest; ; size = Math.floor(size * 0.9)) {
    const review = JSON.parse(benchReview()) as { request: { object: unknown } };
    review.request.object = withDefaults(make(size));
    const text = JSON.stringify(review);
    if (text.length <= MOST_BYTES) return text;
  }
}

/** Containers contain what an API server adds to each. */
function withDefaults(pod: unknown): unknown {
  const { spec, ...others } = pod as { readonly spec: Readonly<Record<string, unknown>> };
  const filled = Object.entries(spec).map(([field, value]) => [
    field,
    /[cC]ontainers$/.test(field)
      ? (value as readonly object[]).map((one) => ({
          image: 'a',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          imagePullPolicy: 'Always',
          ...one,
        }))
      : value,
  ]);
  return { ...others, spec: Object.fromEntries(filled) };
}

function largeReview(containers: number, references: number): string {
  const annotations: Record<string, string> = {};
  for (let index = 0; index < references; index += 1) {
    annotations[`${PREFIX}env.SECRET_${index}`] =
      `arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/shop/s${index % 50}-AbCdEf:key${index}`;
  }
  const container = (index: number) => ({
    name: `c${index}`,
    image: 'shop/app:1',
    command: ['/bin/sh', '-c', 'exec server'],
    env: Array.from({ length: 10 }, (_, variable) => ({
      name: `VAR_${variable}`,
      value: `value ${variable}`,
    })),
    resources: { requests: { cpu: '10m', memory: '16Mi' } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  });
  const review = JSON.parse(benchReview()) as { request: { object: { metadata: object; spec: object } } };
  review.request.object = {
    metadata: { name: 'large', annotations },
    spec: {
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: Array.from({ length: containers }, (_, index) => container(index)),
    },
  };
  return JSON.stringify(review);
}
