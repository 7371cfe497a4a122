/** The decision itself, without a network: review text in, answer text out. */
import { decideReview, encodeReview } from '../../src/core/admission.ts';
import { PREFIX } from '../../src/core/names/prefix.ts';
import { GROWING } from '../property/growth.ts';
import { benchReview } from './webhook-review.ts';

const SETTINGS = { image: 'registry.example/aws-secrets-injector:bench' };

export interface DecisionFigures {
  /** Microseconds for a pod of about 6 KB, parsing and encoding included. */
  readonly reviewMicroseconds: number;
  /** Of these, JSON.parse alone. */
  readonly parseMicroseconds: number;
  readonly reviewBytes: number;
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

/** Measures in this process, on warm code. */
export function measureDecision(): DecisionFigures {
  const review = benchReview();
  return {
    reviewBytes: Buffer.byteLength(review),
    reviewMicroseconds: medianMicroseconds(() => decideText(review), 3000),
    parseMicroseconds: medianMicroseconds(() => JSON.parse(review), 3000),
    growth: [25, 50, 100, 200].map((containers) => {
      const references = (containers * 5) / 2;
      const text = largeReview(containers, references);
      return { containers, references, microseconds: medianMicroseconds(() => decideText(text), 60) };
    }),
    worst: worstDecision(),
  };
}

const MOST_BYTES = 3 * 1024 * 1024;
const WORST_SETTINGS = { ...SETTINGS, native: { can: true, probe: true } } as const;

function worstDecision(): DecisionFigures['worst'] {
  const measured = Object.entries(GROWING).map(([part, [largest, make]]) => {
    const text = largestReview(largest, make);
    const milliseconds = median(9, () => {
      const started = performance.now();
      const decided = decideReview(JSON.parse(text), WORST_SETTINGS);
      if (decided === undefined) throw new Error('the review contains no uid');
      JSON.stringify(encodeReview(decided.facts.uid, decided.outcome, encode));
      return performance.now() - started;
    });
    return { part, bytes: text.length, milliseconds };
  });
  return measured.reduce((worst, one) => (one.milliseconds > worst.milliseconds ? one : worst));
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

function median(rounds: number, measure: () => number): number {
  return Array.from({ length: rounds }, measure).sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}

function medianMicroseconds(work: () => unknown, rounds: number): number {
  for (let round = 0; round < rounds; round += 1) work();
  const samples: number[] = [];
  for (let sample = 0; sample < 15; sample += 1) {
    const started = performance.now();
    for (let round = 0; round < rounds / 5; round += 1) work();
    samples.push(((performance.now() - started) * 1000) / (rounds / 5));
  }
  return samples.sort((a, b) => a - b)[7] ?? 0;
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
