/** Pods of a cluster: what they got, and which versions. */
import { FETCHER_NAME } from '../additions/injected-objects.ts';
import { requestsSecrets } from '../annotations/annotations.ts';
import { asArray, asObject, field, type JsonObject, textField } from '../json.ts';
import { PLAN_VARIABLE } from '../plan/plan.ts';
import { readPlan } from '../plan/read-plan.ts';
import { parseVersions, type VersionsRecord } from '../plan/versions.ts';
import { type Pod, readPod } from '../pod/pod.ts';
import { type Described, describeOther, describePlan, type PodDescription } from './describe.ts';

/**
 * Describes a pod of a cluster by the plan that it contains, with the versions that its fetcher recorded in the status.
 * @returns undefined for a pod that is not of a cluster, or that neither requests nor contains anything
 */
export function describeRunning(described: Described, json: unknown): PodDescription | undefined {
  const status = asObject(field(json, 'status'));
  const pod = readPod(json);
  if (status === undefined || !pod.ok) return undefined;
  const fetcher = pod.value.initContainers.find((one) => one.name === FETCHER_NAME);
  if (fetcher === undefined)
    return requestsSecrets(pod.value.annotations) ? describeOther(described, NOT_INJECTED) : undefined;
  const variable = fetcher.env.find((one) => one['name'] === PLAN_VARIABLE);
  const read = readPlan(textField(variable, 'value'));
  if (!read.ok) return describeOther(described, `its plan cannot be read: ${read.problem.wrong}`);
  const record = recordOf(status);
  return describePlan(described, read.value.plan, {
    pathOf: mountsOf(pod.value),
    warnings: [],
    record,
    notes: notesOn(record, status),
  });
}

const NOT_INJECTED = `it requests secrets, but has no container ${FETCHER_NAME}: it was created without the webhook`;

/** The record that the fetcher wrote when it had delivered all secrets. */
function recordOf(status: JsonObject): VersionsRecord | undefined {
  const message = textField(field(field(fetcherStatus(status), 'state'), 'terminated'), 'message');
  return message === undefined ? undefined : parseVersions(message);
}

function notesOn(record: VersionsRecord | undefined, status: JsonObject): readonly string[] {
  if (record === undefined) return [noRecord(status)];
  return record.more === 0
    ? []
    : [`the record does not contain the versions of all secrets: ${record.more} are missing`];
}

function noRecord(status: JsonObject): string {
  const state = field(fetcherStatus(status), 'state');
  return field(state, 'running') === undefined
    ? 'no record of versions: the fetcher has not delivered the secrets yet, or it is of an earlier release'
    : 'no record of versions in the status, because the fetcher is running: its metrics and the manifest file contain them';
}

function fetcherStatus(status: JsonObject): unknown {
  const all = asArray(field(status, 'initContainerStatuses')) ?? [];
  return all.find((one) => field(one, 'name') === FETCHER_NAME);
}

/** Where the containers of a pod mount the volumes of views. */
function mountsOf({ containers, initContainers }: Pod): (container: string, volume: string) => string {
  const all = [...initContainers, ...containers];
  return (container, volume) => {
    const mounts = all.find((one) => one.name === container)?.mounts ?? [];
    return (
      textField(
        mounts.find((one) => one['name'] === volume),
        'mountPath',
      ) ?? ''
    );
  };
}
