/** The decision itself, without a network: review text in, answer text out. */
import { decideReview, encodeReview } from '../../src/core/admission.ts';
import { PREFIX } from '../../src/core/names/prefix.ts';
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
  };
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
