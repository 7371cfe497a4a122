/**
 * When each step of the start of a pod ended. The fields of a pod's status have a resolution of a second, so the times are
 * those of the API server's audit log, of containerd's events and logs, and of the AWS fake.
 */
import { readFileSync } from 'node:fs';
import type { Operation } from '../aws-fake/index.ts';
import { PAUSE_IMAGE } from '../cluster/node-configuration.ts';
import type { AuditEvent } from '../cluster/product/audit.ts';
import type { Stage } from '../cluster/product/stage.ts';
import { until } from '../cluster/until.ts';
import type { RuntimeEvents } from './runtime-events.ts';

/** Contains the steps of a fetch. */
const RUN = 'the whole run of the init container';
const WAIT = 'until the application’s container is created';

/** In their order. A pod has those that apply to it. */
export const STEPS = [
  'admission and storage by the API server',
  'scheduling',
  'volumes, cgroups and network',
  'creation and start of the sandbox',
  'creation and start of the init container',
  'start of Node.js, until the first request',
  'sign-in',
  'fetch',
  'write, and end of the process',
  RUN,
  WAIT,
  'start of the application, until its first line',
] as const;
export type Step = (typeof STEPS)[number];

/** Milliseconds. */
export interface Timeline {
  /** From the arrival of the request at the API server to the first line of the application. */
  readonly total: number;
  /**
   * The same without the time until the application's container is created. With an init container, most of that time is
   * chance: kubelet looks for ended containers once a second.
   */
  readonly withoutWait: number;
  readonly steps: Readonly<Partial<Record<Step, number>>>;
}

interface Statuses {
  readonly status: {
    readonly initContainerStatuses?: readonly { readonly containerID: string }[];
    readonly containerStatuses: readonly { readonly containerID: string }[];
  };
}

/** Reads what happened to a pod that has ended. @param isFetching if its init container called AWS */
export async function timelineOf(
  stage: Stage,
  events: RuntimeEvents,
  pod: { readonly namespace: string; readonly name: string },
  isFetching: boolean,
): Promise<Timeline> {
  const { namespace, name } = pod;
  const { status } = await stage.get<Statuses>(namespace, 'pod', name);
  const [initId, appId] = [status.initContainerStatuses, status.containerStatuses].map((containers) =>
    containers?.[0]?.containerID.replace('containerd://', ''),
  );
  const created = await requestOf(stage, namespace, name, undefined);
  const bound = await requestOf(stage, namespace, name, 'binding');
  const sandbox = await events.createdAfter(created.received, PAUSE_IMAGE);
  const sandboxCreated = await events.timeOf('/containers/create', sandbox);
  const sandboxStarted = await events.timeOf('/tasks/start', sandbox);
  const appCreated = await events.timeOf('/containers/create', appId ?? '');
  const firstLine = await firstLineOf(stage, namespace, name);
  const steps: Partial<Record<Step, number>> = {
    'admission and storage by the API server': created.answered - created.received,
    scheduling: bound.answered - created.answered,
    'volumes, cgroups and network': sandboxCreated - bound.answered,
    'creation and start of the sandbox': sandboxStarted - sandboxCreated,
    'start of the application, until its first line': firstLine - appCreated,
  };
  let ready = sandboxStarted;
  if (initId !== undefined) {
    const initStarted = await events.timeOf('/tasks/start', initId);
    ready = await events.timeOf('/tasks/exit', initId);
    steps['creation and start of the init container'] = initStarted - sandboxStarted;
    if (isFetching) Object.assign(steps, stepsOfFetch(stage, initStarted, ready));
    else steps[RUN] = ready - initStarted;
  }
  const total = firstLine - created.received;
  const wait = appCreated - ready;
  return { total, withoutWait: total - wait, steps: { ...steps, [WAIT]: wait } };
}

function stepsOfFetch(stage: Stage, started: number, ended: number): Partial<Record<Step, number>> {
  // The fake has this process's monotonic clock.
  const offset = Date.now() - performance.now();
  const request = (operation: Operation) => {
    const found = stage.aws.requests.find((one) => one.operation === operation);
    if (found?.finishedAt === undefined) throw new Error(`the fetcher made no request ${operation}`);
    return { started: found.startedAt + offset, ended: found.finishedAt + offset };
  };
  const signIn = request('AssumeRoleWithWebIdentity');
  const fetch = request('GetSecretValue');
  return {
    'start of Node.js, until the first request': signIn.started - started,
    'sign-in': fetch.started - signIn.started,
    fetch: fetch.ended - fetch.started,
    'write, and end of the process': ended - fetch.ended,
    [RUN]: ended - started,
  };
}

interface TimedAuditEvent extends AuditEvent {
  readonly requestReceivedTimestamp: string;
  /** Of the end of the response. */
  readonly stageTimestamp: string;
}

/** When the request that created the pod, or bound it to its node, arrived and was answered. */
async function requestOf(
  stage: Stage,
  namespace: string,
  name: string,
  subresource: 'binding' | undefined,
): Promise<{ readonly received: number; readonly answered: number }> {
  // The event is written after the response.
  return await until(`the audit event of ${namespace}/${name}`, { seconds: 10 }, () => {
    const line = readFileSync(stage.cluster.facts.auditLog, 'utf8')
      .split('\n')
      .filter((one) => one.includes('"verb":"create"') && one.includes(`"name":"${name}"`))
      .map((one) => JSON.parse(one) as TimedAuditEvent)
      .findLast(
        ({ objectRef }) => objectRef?.namespace === namespace && objectRef.subresource === subresource,
      );
    if (line === undefined) return undefined;
    return { received: Date.parse(line.requestReceivedTimestamp), answered: Date.parse(line.stageTimestamp) };
  });
}

/** The time with which containerd stamped the first line. */
async function firstLineOf(stage: Stage, namespace: string, name: string): Promise<number> {
  const log = await stage.kubectl(
    `--namespace=${namespace}`,
    'logs',
    name,
    '--container=app',
    '--timestamps',
  );
  return Date.parse(log.split(' ', 1)[0] ?? '');
}
