/** Reads Events of the API server, and explains those that prevent a pod from starting. */
import { FETCHER_NAME } from '../../additions/injected-objects.ts';
import { field, integerField, textField } from '../../json.ts';
import { printable } from '../../problems/quote.ts';
import { explainPull, explainWaiting } from './containers.ts';
import { type Diagnosis, type Explanation, isName, kubectl, type Place, shownMessage } from './diagnosis.ts';
import { explainCodes, explainRefusal, isAdmissionCode } from './refusals.ts';
import { explainScheduling } from './scheduling.ts';

/** One Event, of either API group. */
export interface ObservedEvent {
  readonly place: Place;
  readonly reason: string;
  readonly message: string;
  /** The container, if the Event is about one. */
  readonly container: string | undefined;
  readonly count: number;
}

/** @returns undefined for an Event that is not a warning, or that lacks a part */
export function readEvent(json: unknown): ObservedEvent | undefined {
  const about = field(json, 'involvedObject') ?? field(json, 'regarding');
  const reason = textField(json, 'reason');
  const message = textField(json, 'message') ?? textField(json, 'note');
  const kind = textField(about, 'kind') ?? '';
  if (textField(json, 'type') !== 'Warning' || reason === undefined || message === undefined)
    return undefined;
  const namespace = textField(about, 'namespace') ?? 'default';
  const name = textField(about, 'name') ?? '';
  // Whoever may write Events chooses these, and they become parts of commands.
  if (!/^[A-Za-z0-9]{1,63}$/.test(kind) || !isName(namespace) || !isName(name)) return undefined;
  const place = { kind, namespace, name };
  const [, container] = /^spec\.\w+\{([^}]*)\}$/.exec(textField(about, 'fieldPath') ?? '') ?? [];
  const count = integerField(field(json, 'series'), 'count') ?? integerField(json, 'count') ?? 1;
  return { place, reason, message, container, count };
}

/** `ReplicaSet/shop/web-5d4f8`. */
export function objectName({ kind, namespace, name }: Place): string {
  return `${kind}/${namespace}/${name}`;
}

/** Explains an Event. @returns undefined if it does not say why a pod does not start */
export function diagnoseEvent(event: ObservedEvent): Diagnosis | undefined {
  const explained = explain(event);
  if (explained === undefined) return undefined;
  const { place, container, message, count } = event;
  return {
    subject:
      container === undefined ? printable(objectName(place), 400) : `container ${printable(container)}`,
    what: count > 1 ? `${explained.what} (${count} times)` : explained.what,
    messages: shownMessage(message),
    next: explained.next,
  };
}

/** Whether an Event reports that a pod was not created. */
export function isRefusal({ reason }: ObservedEvent): boolean {
  return REFUSALS.has(reason) || isAdmissionCode(reason);
}

const REFUSALS: ReadonlySet<string> = new Set(['FailedCreate', 'ReplicaSetCreateError']);

function explain({ place, reason, message, container = '' }: ObservedEvent): Explanation | undefined {
  if (isAdmissionCode(reason)) return explainCodes(message);
  if (REFUSALS.has(reason)) return explainRefusal(message, place);
  switch (reason) {
    case 'FailedScheduling':
      return explainScheduling(message, place);
    case 'FailedMount':
      return explainMount(message, place);
    case 'Failed':
      return explainFailed(message, container, place);
    case 'Unhealthy':
      return container === FETCHER_NAME && message.startsWith('Startup probe')
        ? {
            what: 'the fetcher has not delivered the secrets yet',
            next: [kubectl(place, `logs ${place.name} -c ${FETCHER_NAME}`)],
          }
        : undefined;
    default:
      return undefined;
  }
}

/** kubelet uses one reason for many failures of a container. */
function explainFailed(message: string, container: string, place: Place): Explanation | undefined {
  if (/pull image|ErrImagePull|ImagePullBackOff|ErrImageNeverPull/.test(message))
    return explainPull(container, place);
  // `Error: couldn't parse env file`
  return /env file|FileKeyRef|environment variable key/.test(message)
    ? explainWaiting({ name: container, reason: 'CreateContainerConfigError', message }, place)
    : undefined;
}

function explainMount(message: string, place: Place): Explanation {
  return message.includes('failed to fetch token')
    ? {
        what: 'the cluster does not issue the service account token that a volume needs',
        next: [
          `Check the service account and the audience: ${kubectl(place, `describe pod ${place.name}`)}`,
          'For the annotation role-arn, see docs/guides/roles.md.',
        ],
      }
    : {
        what: 'a volume of the pod cannot be mounted',
        next: ['Create the object that the message names.', kubectl(place, `describe pod ${place.name}`)],
      };
}
