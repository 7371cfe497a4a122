/**
 * What the injection costs a pod on a real node: from its creation to the first line of its application, with the
 * injection, with an init container that does nothing, and with neither, in turn.
 */
import { pod, shell } from '../cluster/product/pods.ts';
import type { KubernetesObject, Stage } from '../cluster/product/stage.ts';
import { startStage } from '../cluster/product/stage.ts';
import { webhookCalls } from './webhook-calls.ts';

const KINDS = ['bare', 'no-op init container', 'injected'] as const;
type Kind = (typeof KINDS)[number];

/** Milliseconds, medians over the rounds. */
export interface ClusterFigures {
  readonly kubernetes: string;
  readonly rounds: number;
  readonly start: Readonly<Record<Kind, number>>;
  /** Of the injected pod. Together they are its whole start. */
  readonly shares: Readonly<Record<(typeof SHARES)[number], number>>;
  /** Mean time that the API server waited for the webhook. */
  readonly admission: number;
}

const SHARES = [
  'to the fetcher’s first request',
  'sign-in',
  'fetch',
  'write, and start of the application',
] as const;

interface Started {
  readonly milliseconds: number;
  readonly shares: readonly number[];
}

/** Starts a cluster with the product, and pods one at a time. */
export async function measureCluster(rounds: number): Promise<ClusterFigures> {
  await using stage = await startStage();
  const namespace = await stage.namespace();
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/bench-AbCdEf';
  stage.aws.putSecret({ arn, value: JSON.stringify({ user: 'u', password: 'p' }) });
  const manifests: Readonly<Record<Kind, (name: string) => KubernetesObject>> = {
    bare: (name) => pod(namespace, { name, containers: [APPLICATION] }),
    'no-op init container': (name) =>
      pod(namespace, {
        name,
        containers: [APPLICATION],
        initContainers: [{ name: 'nothing', command: ['true'] }],
      }),
    injected: (name) =>
      pod(namespace, {
        name,
        containers: [APPLICATION],
        annotations: { 'secrets-injector.dev/file.db.json': arn },
      }),
  };
  const seen: Record<Kind, Started[]> = { bare: [], 'no-op init container': [], injected: [] };
  // The first of each is not counted: caches fill.
  for (let round = 0; round <= rounds; round += 1) {
    for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
      const name = `${kind.replaceAll(' ', '-')}-${round}`;
      const started = await startOne(stage, namespace, manifests[kind](name), name);
      if (round > 0) seen[kind].push(started);
    }
  }
  const medianOf = (kind: Kind): number => median(seen[kind].map((one) => one.milliseconds));
  return {
    kubernetes: stage.cluster.facts.kubernetes,
    rounds,
    start: Object.fromEntries(KINDS.map((kind) => [kind, medianOf(kind)])) as Record<Kind, number>,
    shares: Object.fromEntries(
      SHARES.map((share, index) => [share, median(seen.injected.map((one) => one.shares[index] ?? 0))]),
    ) as ClusterFigures['shares'],
    admission: await admissionMilliseconds(stage),
  };
}

const APPLICATION = shell('app', 'echo started');

async function startOne(
  stage: Stage,
  namespace: string,
  manifest: KubernetesObject,
  name: string,
): Promise<Started> {
  stage.aws.reset();
  const created = Date.now();
  await stage.mustCreate(manifest);
  await stage.waitFor(namespace, `pod/${name}`, '{.status.phase}', 'Succeeded');
  // The runtime stamps each line when it is written.
  const [line = ''] = (
    await stage.kubectl(`--namespace=${namespace}`, 'logs', name, '--container=app', '--timestamps')
  ).split('\n');
  const started = Date.parse(line.split(' ', 1)[0] ?? '');
  await stage.kubectl(`--namespace=${namespace}`, 'delete', 'pod', name, '--wait');
  const [signIn, fetch] = ['AssumeRoleWithWebIdentity', 'GetSecretValue'].map((operation) =>
    stage.aws.requests.find((request) => request.operation === operation),
  );
  // The stand-in counts on this process's monotonic clock.
  const at = (milliseconds: number | undefined): number =>
    (milliseconds ?? Number.NaN) + performance.timeOrigin;
  const marks = [created, at(signIn?.startedAt), at(fetch?.startedAt), at(fetch?.finishedAt), started];
  return {
    milliseconds: started - created,
    shares: marks.slice(1).map((mark, index) => mark - (marks[index] ?? Number.NaN)),
  };
}

async function admissionMilliseconds(stage: Stage): Promise<number> {
  const { sum, count } = await webhookCalls(stage);
  return (1000 * sum) / count;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
