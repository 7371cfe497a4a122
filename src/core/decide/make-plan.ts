/** From views and their containers to the plan. */
import { addedVariables } from '../additions/aws-identity.ts';
import type { Options } from '../annotations/options.ts';
import { textField } from '../json.ts';
import { MAX_PLAN_BYTES } from '../limits.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import type { FileMode } from '../plan/file-mode.ts';
import { formatPlan, PLAN_VERSION, type Plan, type PlanSecret, type PlanView } from '../plan/plan.ts';
import type { PlanRefresh } from '../plan/refresh.ts';
import type { Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import { exceedsUtf8 } from '../utf8.ts';
import type { DeliveredView } from './delivery.ts';
import type { Delivery } from './env-mode.ts';

/** A view with the values that only the first pass can determine. */
export interface PlannedView {
  readonly view: DeliveredView;
  readonly fileMode: FileMode;
  /** The same view in the plan of an earlier pass. */
  readonly recorded: PlanView | undefined;
}

export interface PlanSource {
  readonly pod: Pod;
  readonly secrets: readonly PlanSecret[];
  readonly views: readonly PlannedView[];
  readonly options: Options;
  /** Whether the kubelet of each node has to prove that it supports native variables. */
  readonly probes: boolean;
  readonly refresh: PlanRefresh | undefined;
}

/** A plan and its text. */
export interface MadePlan {
  readonly plan: Plan;
  readonly text: string;
}

/** Makes the plan of a pod. A plan that is too large is added to the findings. */
export function makePlan(
  { pod, secrets, views, options, probes, refresh }: PlanSource,
  findings: Findings,
): MadePlan {
  const probed = probes ? views.findIndex(({ view }) => namesOf(view, 'native').length > 0) : -1;
  const plan: Plan = {
    version: PLAN_VERSION,
    timeoutSeconds: options.timeoutSeconds,
    secrets,
    views: views.map((view, index) => planView(view, { pod, options, probe: index === probed })),
    ...(refresh === undefined ? {} : { refresh }),
  };
  const text = formatPlan(plan);
  if (exceedsUtf8(text, MAX_PLAN_BYTES)) {
    findings.add({
      code: 'PLAN_TOO_LARGE',
      subject: annotationKey('env', '*'),
      wrong: `the references of the pod take more than ${MAX_PLAN_BYTES / 1024} KiB`,
      expected:
        'request fewer values, or store several values in one JSON secret and use env-from or file-from',
    });
  }
  return { plan, text };
}

/** The order of members is part of the contract: see `formatPlan`. */
function planView(
  { view, fileMode, recorded }: PlannedView,
  { pod, options, probe }: { readonly pod: Pod; readonly options: Options; readonly probe: boolean },
): PlanView {
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
    declared: recorded?.declared ?? (view.contents.envFrom.length > 0 ? declaredBy(view, pod) : []),
    ...(probe ? { probe } : {}),
    ...(options.manifestFile ? { manifest: true } : {}),
  };
}

function namesOf({ recipients }: DeliveredView, mode: Delivery): readonly string[] {
  return recipients.filter((one) => one.envMode === mode).map((one) => one.container.name);
}

/** Names of the variables that the containers declare themselves, sorted, without those of the AWS identity. */
function declaredBy({ containers }: DeliveredView, pod: Pod): readonly string[] {
  const names = new Set<string>();
  const addedTo = addedVariables(pod);
  for (const container of containers) {
    const added = addedTo(container);
    for (const entry of container.env) {
      const name = textField(entry, 'name') ?? '';
      if (!added.has(name)) names.add(name);
    }
  }
  return [...names].sort();
}
