/** The decision about one pod: leave it, refuse it, or inject by this plan. It reads as the policy. */
import { annotationKey, readAnnotations } from './annotations.ts';
import { deliverTo, type Recipient } from './delivery.ts';
import { field } from './json.ts';
import { isPlanTooLarge, makePlan, planTooLarge, volumeTooLarge } from './make-plan.ts';
import { occupiedNames } from './occupied.ts';
import { type Options, parseOptions } from './options.ts';
import { conflict, type EarlierPass, findEarlierPass } from './ours.ts';
import { type Denied, type Unchanged, unchanged } from './outcome.ts';
import { formatPlan, type Plan } from './plan.ts';
import { isMeshProxy, isNativeSidecar, isWindows, type Pod, readPod } from './pod.ts';
import type { Problem } from './problems.ts';
import { recipientsOf } from './recipients.ts';
import { readReferences } from './references.ts';
import { MAX_VOLUME_BYTES, viewBytes } from './resources.ts';
import { fetcherIdentity, type Identity } from './security.ts';
import type { InjectionSettings } from './settings.ts';

export interface Injection {
  readonly kind: 'inject';
  readonly pod: Pod;
  readonly plan: Plan;
  readonly planText: string;
  readonly options: Options;
  readonly identity: Identity;
  readonly recipients: readonly Recipient[];
  readonly earlier: EarlierPass | undefined;
  /** Where among the init containers the fetcher stands or goes. */
  readonly fetcherIndex: number;
  readonly volumeBytes: number;
  readonly references: number;
  readonly warnings: readonly string[];
}

/** Decides about a pod. All problems are gathered before anything is refused. */
export function decide(json: unknown, settings: InjectionSettings): Injection | Unchanged | Denied {
  const annotations = field(field(json, 'metadata'), 'annotations');
  const set = readAnnotations(annotations);
  if (set === undefined) return unchanged('not-asked');
  if (set.options.get('inject') === 'false') return unchanged('inject-false');
  if (field(annotations, 'kubernetes.io/config.mirror') !== undefined) return unchanged('mirror-pod');

  const problems: Problem[] = [...set.problems];
  const warnings: string[] = [];
  const options = parseOptions(set.options, settings, problems);
  const references = readReferences(set, settings, problems, warnings);
  const pod = readPod(json);
  if ('code' in pod) return denied([...problems, pod]);
  const asksNothing = set.asks.every((ask) => ask.family === 'secret');
  if (asksNothing && problems.length === 0) return unchanged('nothing-asked', warnings);
  if (isWindows(pod)) problems.push(windows());

  const earlier = findEarlierPass(pod, settings);
  if (earlier !== undefined && 'code' in earlier) return denied([...problems, earlier]);
  const fetcherIndex = earlier?.container.index ?? indexForFetcher(pod);
  const recorded = earlier?.plan.views[0];
  const receiving = recipientsOf(pod, options, recorded?.receivers, fetcherIndex, problems);
  const recipients = deliverTo(receiving, set, options, references, recorded?.receivers, problems);
  const derived = fetcherIdentity(pod, receiving, options);
  const identity = recorded === undefined ? derived : { ...derived, fileMode: recorded.fileMode };
  const plan = makePlan(references, recipients, identity, options, recorded);
  const planText = formatPlan(plan);
  if (isPlanTooLarge(planText)) problems.push(planTooLarge());
  const volumeBytes = viewBytes(references.count);
  if (volumeBytes > MAX_VOLUME_BYTES) problems.push(volumeTooLarge(references.count));
  problems.push(...occupiedNames(pod, receiving, options.mountPath));
  if (problems.length === 0 && earlier !== undefined && earlier.planText !== planText) {
    problems.push(
      conflict(
        `initContainers[${earlier.container.index}]`,
        'has a plan that does not follow from the annotations',
      ),
    );
  }
  if (problems.length > 0) return denied(problems);
  return {
    kind: 'inject',
    pod,
    plan,
    planText,
    options,
    identity,
    recipients,
    earlier,
    fetcherIndex,
    volumeBytes,
    references: references.count,
    warnings,
  };
}

function denied(problems: readonly Problem[]): Denied {
  const [first, ...others] = problems;
  if (first === undefined) throw new RangeError('a denial needs a problem');
  return { kind: 'denied', problems: [first, ...others] };
}

/** First, but after a mesh proxy that is a native sidecar: traffic may have to go through it. */
function indexForFetcher(pod: Pod): number {
  const lastProxy = pod.initContainers.findLast((one) => isMeshProxy(one) && isNativeSidecar(one));
  return lastProxy === undefined ? 0 : lastProxy.index + 1;
}

function windows(): Problem {
  return {
    code: 'POD_WINDOWS',
    subject: 'spec.os',
    wrong: 'the pod is for Windows nodes, where there are no memory-backed volumes',
    expected: `remove the annotations, or set ${annotationKey('inject')} to "false"`,
  };
}
