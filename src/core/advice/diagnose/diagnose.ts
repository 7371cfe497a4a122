/** Diagnoses pods and workloads of a cluster by their status and their Events. */
import { asArray, field, textField } from '../../json.ts';
import { printable } from '../../problems/quote.ts';
import { diagnoseContainer } from './containers.ts';
import { type Diagnosis, kubectl, type Place, shownMessage } from './diagnosis.ts';
import { diagnoseEvent, type ObservedEvent, objectName } from './events.ts';
import { explainRefusal } from './refusals.ts';
import { explainScheduling } from './scheduling.ts';

/** @param json the pod or the workload @param events those about it */
export function diagnose(
  json: unknown,
  place: Place,
  events: readonly ObservedEvent[],
): readonly Diagnosis[] {
  const status = field(json, 'status');
  const found = place.kind === 'Pod' ? diagnosePod(status, place) : diagnoseWorkload(status, place);
  return unique([...found, ...diagnoseEvents(events)]);
}

/** Diagnoses the Events about one object. */
export function diagnoseEvents(events: readonly ObservedEvent[]): readonly Diagnosis[] {
  return unique(events.flatMap((event) => diagnoseEvent(event) ?? []));
}

function diagnosePod(status: unknown, place: Place): readonly Diagnosis[] {
  const containers = ['initContainerStatuses', 'containerStatuses'].flatMap(
    (key) => asArray(field(status, key)) ?? [],
  );
  return [
    ...scheduling(status, place),
    ...evicted(status, place),
    ...containers.flatMap((one) => diagnoseContainer(one, place)),
  ];
}

function scheduling(status: unknown, place: Place): readonly Diagnosis[] {
  const condition = conditionOf(status, 'PodScheduled', 'False');
  if (condition === undefined) return [];
  const message = textField(condition, 'message') ?? '';
  return [
    { subject: objectName(place), ...explainScheduling(message, place), messages: shownMessage(message) },
  ];
}

/** A pod that ended as a whole, for example because its volumes in memory were too large. */
function evicted(status: unknown, place: Place): readonly Diagnosis[] {
  const reason = textField(status, 'reason') ?? '';
  if (textField(status, 'phase') !== 'Failed' || reason === '') return [];
  const message = textField(status, 'message') ?? '';
  return [
    {
      subject: objectName(place),
      what: `the pod was ended (${printable(reason)})`,
      messages: shownMessage(message),
      next: [
        reason === 'DeadlineExceeded'
          ? 'Raise activeDeadlineSeconds of the pod above the annotation fetch-timeout.'
          : 'kubectl describe nodes',
        kubectl(place, `describe pod ${place.name}`),
      ],
    },
  ];
}

function diagnoseWorkload(status: unknown, place: Place): readonly Diagnosis[] {
  const subject = objectName(place);
  const failure = conditionOf(status, 'ReplicaFailure', 'True');
  const message = textField(failure, 'message') ?? '';
  const refused =
    failure === undefined
      ? []
      : [{ subject, ...explainRefusal(message, place), messages: shownMessage(message) }];
  const over = place.kind === 'Job' ? conditionOf(status, 'Failed', 'True') : undefined;
  if (over === undefined) return refused;
  const ended = {
    subject,
    what: `the Job has failed (${printable(textField(over, 'reason') ?? 'unknown reason')})`,
    messages: shownMessage(textField(over, 'message') ?? ''),
    next: [kubectl(place, `get pods -l batch.kubernetes.io/job-name=${place.name} -o json | ${DESCRIBE}`)],
  };
  return [...refused, ended];
}

const DESCRIBE = 'aws-secrets-injector describe -';

function conditionOf(status: unknown, type: string, value: string): unknown {
  const conditions = asArray(field(status, 'conditions')) ?? [];
  return conditions.find((one) => textField(one, 'type') === type && textField(one, 'status') === value);
}

/** Whether two reports are about the same cause, such as that of a Deployment and that of its ReplicaSet. */
export function isSame(one: Diagnosis, other: Diagnosis): boolean {
  return withoutCount(one) === withoutCount(other);
}

function withoutCount({ what }: Diagnosis): string {
  return what.replace(/ \(\d+ times\)$/, '');
}

/** Each cause once: the status and several Events can report the same. The first report is the most exact. */
function unique(all: readonly Diagnosis[]): readonly Diagnosis[] {
  const firsts = new Map<string, Diagnosis>();
  for (const one of all) {
    const key = `${one.subject}\n${withoutCount(one)}`;
    if (!firsts.has(key)) firsts.set(key, one);
  }
  return [...firsts.values()];
}
