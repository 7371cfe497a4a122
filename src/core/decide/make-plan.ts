/** From views and their receivers to the plan. */

import type { Options } from '../annotations/options.ts';
import { textField } from '../json.ts';
import { MAX_PLAN_BYTES, MAX_VOLUME_BYTES } from '../limits.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { type FileMode, PLAN_VERSION, type Plan, type PlanSecret, type PlanView } from '../plan/plan.ts';
import type { Problem } from '../problems/problems.ts';
import type { DeliveredView, Delivery } from './delivery.ts';

/** A view with what only the first pass can know of it. */
export interface PlannedView {
  readonly view: DeliveredView;
  readonly fileMode: FileMode;
  /** What an earlier pass recorded of the same view. */
  readonly recorded: PlanView | undefined;
}

/**
 * Makes the plan of a pod.
 * @param probes whether a node's kubelet has to prove that it can set variables from files
 */
export function makePlan(
  secrets: readonly PlanSecret[],
  views: readonly PlannedView[],
  options: Options,
  probes: boolean,
): Plan {
  const probed = probes ? views.findIndex(({ view }) => namesOf(view, 'native').length > 0) : -1;
  return {
    version: PLAN_VERSION,
    timeoutSeconds: options.timeoutSeconds,
    secrets,
    views: views.map((view, index) => planView(view, options, index === probed)),
  };
}

function planView({ view, fileMode, recorded }: PlannedView, options: Options, probe: boolean): PlanView {
  return {
    volume: view.volume,
    receivers: {
      native: namesOf(view, 'native'),
      shell: namesOf(view, 'shell'),
      file: namesOf(view, 'file'),
    },
    fileMode,
    format: options.envFormat,
    ...view.contents,
    declared: recorded?.declared ?? (view.contents.envFrom.length > 0 ? declaredBy(view) : []),
    ...(probe ? { probe } : {}),
  };
}

function namesOf({ recipients }: DeliveredView, mode: Delivery): readonly string[] {
  return recipients.filter((one) => one.envMode === mode).map((one) => one.container.name);
}

/** Names of the variables that the containers declare themselves, sorted. */
function declaredBy({ containers }: DeliveredView): readonly string[] {
  const names = new Set<string>();
  for (const container of containers) {
    for (const entry of container.env) names.add(textField(entry, 'name') ?? '');
  }
  return [...names].sort();
}

/** Whether a plan's text is too long for a variable. */
export function isPlanTooLarge(text: string): boolean {
  // No character takes more than three bytes: most plans need not be counted.
  return text.length * 3 > MAX_PLAN_BYTES && new TextEncoder().encode(text).length > MAX_PLAN_BYTES;
}

/** The problem that it is. */
export function planTooLarge(): Problem {
  return {
    code: 'PLAN_TOO_LARGE',
    subject: annotationKey('env', '*'),
    wrong: `the references make a plan of more than ${MAX_PLAN_BYTES / 1024} KiB`,
    expected:
      'ask for fewer things, or put several values into one JSON secret and use env-from or file-from',
  };
}

/** The problem that the volumes would hold more memory than a pod may be made to. */
export function volumesTooLarge(): Problem {
  return {
    code: 'VOLUME_TOO_LARGE',
    subject: annotationKey('env', '*'),
    wrong: `what is asked for needs more than ${MAX_VOLUME_BYTES / 2 ** 20} MiB of memory`,
    expected: 'ask for fewer things',
  };
}
