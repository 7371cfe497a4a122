/**
 * What the injection costs a pod on a real node: from its creation to the first line of its application, with the
 * injection, with an init container that does nothing, with neither, and with CPU limits, in turn.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { PAUSE_IMAGE } from '../cluster/node-configuration.ts';
import { pod, shell } from '../cluster/product/pods.ts';
import type { KubernetesObject, Stage } from '../cluster/product/stage.ts';
import { startStage } from '../cluster/product/stage.ts';
import { median } from './median.ts';
import { STEPS, type Step, type Timeline, timelineOf } from './pod-timeline.ts';
import { RuntimeEvents } from './runtime-events.ts';
import { webhookCalls } from './webhook-calls.ts';

/**
 * Milliseconds. Kubelet looks for ended containers this often, and each pod of the bench is created soon after kubelet has
 * seen the end of the one before.
 */
const KUBELET_PERIOD = 1000;

/** The CPU limits that pods of the bench set. */
const LIMITS = ['1', '500m', '250m', '100m'] as const;

export interface PodFigures {
  readonly what: string;
  /** Medians over the rounds. */
  readonly timeline: Timeline;
}

export interface ClusterFigures {
  readonly kubernetes: string;
  readonly rounds: number;
  readonly bare: PodFigures;
  readonly noOp: PodFigures;
  /** One for each CPU limit of the init container; the first has the resources that the webhook computes. */
  readonly injected: readonly PodFigures[];
  /** What the injection with the computed resources costs more than the no-op init container. */
  readonly cost: Cost;
  /** Mean time in milliseconds that the API server waited for the webhook. */
  readonly admission: number;
}

/**
 * Milliseconds, without the wait for kubelet: over the differences between the two pods of each round, because a machine
 * that becomes slower for some minutes makes both slower.
 */
export interface Cost {
  readonly median: number;
  /** Half of the rounds had a difference between these two. */
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

interface Case {
  readonly what: string;
  readonly isInjected: boolean;
  readonly manifest: (name: string) => KubernetesObject;
  readonly seen: Timeline[];
}

/** Starts a cluster with the product, and pods one at a time. */
export async function measureCluster(rounds: number): Promise<ClusterFigures> {
  await using stage = await startStage({ snapshotter: 'overlayfs' });
  const { node, kubernetes } = stage.cluster.facts;
  if (node === undefined) throw new Error('a stage must have a node');
  await using events = new RuntimeEvents(node);
  const namespace = await stage.namespace();
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/bench-AbCdEf';
  stage.aws.putSecret({ arn, value: JSON.stringify({ user: 'u', password: 'p' }) });
  const [bare, noOp, injected] = casesOf(namespace, arn);
  const cases = [bare, noOp, ...injected];
  let started = 0;
  // The first of each is not counted: caches fill.
  for (let round = 0; round <= rounds; round += 1) {
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      // Evenly spread, so that waiting for kubelet takes the same in each case.
      await delay((round / rounds) * KUBELET_PERIOD);
      started += 1;
      const timeline = await startOne(stage, events, namespace, one, `pod-${started}`);
      if (round > 0) one.seen.push(timeline);
    }
  }
  return {
    kubernetes,
    rounds,
    bare: figuresOf(bare),
    noOp: figuresOf(noOp),
    injected: injected.map(figuresOf),
    cost: costOf(injected[0], noOp),
    admission: await admissionMilliseconds(stage),
  };
}

function casesOf(namespace: string, arn: string): [Case, Case, readonly [Case, ...Case[]]] {
  const containers = [shell('app', 'echo started')];
  const initContainers = [{ name: 'nothing', command: ['true'] }];
  const injection = (limit: string | undefined): Case => ({
    what: limit === undefined ? 'injection' : `injection with a CPU limit of ${limit}`,
    isInjected: true,
    manifest: (name) => pod(namespace, { name, containers, annotations: annotationsFor(arn, limit) }),
    seen: [],
  });
  return [
    {
      what: 'bare',
      isInjected: false,
      manifest: (name) => pod(namespace, { name, containers }),
      seen: [],
    },
    {
      what: 'no-op init container',
      isInjected: false,
      manifest: (name) => pod(namespace, { name, containers, initContainers }),
      seen: [],
    },
    [injection(undefined), ...LIMITS.map(injection)],
  ];
}

function annotationsFor(arn: string, limit: string | undefined): Readonly<Record<string, string>> {
  return {
    'secrets-injector.dev/file.db.json': arn,
    ...(limit === undefined ? {} : { 'secrets-injector.dev/cpu-limit': limit }),
  };
}

async function startOne(
  stage: Stage,
  events: RuntimeEvents,
  namespace: string,
  { manifest, isInjected }: Case,
  name: string,
): Promise<Timeline> {
  stage.aws.reset();
  const before = Date.now();
  await stage.mustCreate(manifest(name));
  // A kubectl that waits would take CPU time from the pod while it starts.
  await events.timeOf('/tasks/exit', await events.createdAfter(before, PAUSE_IMAGE));
  await stage.waitFor(namespace, `pod/${name}`, '{.status.phase}', 'Succeeded');
  const timeline = await timelineOf(stage, events, { namespace, name }, isInjected);
  await stage.kubectl(`--namespace=${namespace}`, 'delete', 'pod', name, '--wait');
  return timeline;
}

function figuresOf({ what, seen }: Case): PodFigures {
  const steps: Partial<Record<Step, number>> = {};
  for (const step of STEPS) {
    const values = seen.flatMap((one) => one.steps[step] ?? []);
    if (values.length > 0) steps[step] = median(values);
  }
  const total = median(seen.map((one) => one.total));
  const withoutWait = median(seen.map((one) => one.withoutWait));
  return { what, timeline: { total, withoutWait, steps } };
}

function costOf(injection: Case, noOp: Case): Cost {
  const differences = injection.seen
    .map(({ withoutWait }, round) => withoutWait - (noOp.seen[round]?.withoutWait ?? Number.NaN))
    .toSorted((a, b) => a - b);
  const at = (part: number): number => differences[Math.floor(part * differences.length)] ?? Number.NaN;
  return { median: median(differences), lowerQuartile: at(0.25), upperQuartile: at(0.75) };
}

async function admissionMilliseconds(stage: Stage): Promise<number> {
  const { sum, count } = await webhookCalls(stage);
  return (1000 * sum) / count;
}
