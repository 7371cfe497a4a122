/** The decision about one pod: leave it, refuse it, or inject by this plan. It reads as the policy. */

import { CHECK_NAME } from '../additions/injected-objects.ts';
import { viewBytes } from '../additions/resources.ts';
import { readAnnotations } from '../annotations/annotations.ts';
import type { Group } from '../annotations/asked.ts';
import { type Options, parseOptions } from '../annotations/options.ts';
import { readReferences } from '../annotations/references.ts';
import { field } from '../json.ts';
import { MAX_VOLUME_BYTES } from '../limits.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { formatPlan, type Plan, receiverNames } from '../plan/plan.ts';
import { type Container, isMeshProxy, isNativeSidecar, isWindows, type Pod, readPod } from '../pod/pod.ts';
import { type Problem, formatProblem as textOf } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';
import { type DeliveredView, deliver, formatProblem } from './delivery.ts';
import { defaultProblems, nativeSizeProblem } from './delivery-problems.ts';
import { conflict, type EarlierPass, findEarlierPass } from './earlier-pass.ts';
import { isPlanTooLarge, makePlan, type PlannedView, planTooLarge, volumesTooLarge } from './make-plan.ts';
import { occupiedNames } from './mount-conflicts.ts';
import { type Denied, type Unchanged, unchanged } from './outcome.ts';
import { recipientsOf } from './recipients.ts';
import { fetcherIdentity, fileModeFor, fileModeProblems, type Identity } from './run-as.ts';
import { representations, viewsOf } from './views.ts';

export interface Injection {
  readonly kind: 'inject';
  readonly pod: Pod;
  readonly plan: Plan;
  readonly planText: string;
  readonly options: Options;
  readonly identity: Identity;
  readonly views: readonly DeliveredView[];
  readonly earlier: EarlierPass | undefined;
  /** Where among the init containers the fetcher stands or goes. */
  readonly fetcherIndex: number;
  /** The init container that proves the kubelet, where an earlier pass added it. */
  readonly check: Container | undefined;
  readonly references: number;
  readonly warnings: readonly string[];
}

/** Decides about a pod. All problems are gathered before anything is refused. */
export function decide(
  json: unknown,
  namespace: string,
  settings: InjectionSettings,
): Injection | Unchanged | Denied {
  const annotations = field(field(json, 'metadata'), 'annotations');
  const set = readAnnotations(annotations);
  if (set === undefined) return unchanged('not-asked');
  if (set.options.get('inject') === 'false') return unchanged('inject-false');
  if (field(annotations, 'kubernetes.io/config.mirror') !== undefined) return unchanged('mirror-pod');

  const problems: Problem[] = [...set.problems];
  const warnings: string[] = [];
  const options = parseOptions(set.options, namespace, settings, problems);
  const contradiction = formatProblem(options, set);
  if (contradiction !== undefined) problems.push(contradiction);
  const references = readReferences(set, settings, options.envFormat, problems, warnings);
  const pod = readPod(json);
  if ('code' in pod) return denied([...problems, pod]);
  const asksNothing = set.form === undefined && set.asks.every((ask) => ask.family === 'secret');
  if (asksNothing && problems.length === 0) return unchanged('nothing-asked', warnings);
  if (isWindows(pod)) problems.push(windows());

  const earlier = findEarlierPass(pod, settings);
  if (earlier !== undefined && 'code' in earlier) return denied([...problems, earlier]);
  const fetcherIndex = earlier?.container.index ?? indexForFetcher(pod);
  const check = pod.initContainers.find((container) => container.name === CHECK_NAME);
  const receiving = receiversOf(pod, references.groups, options, earlier?.plan, fetcherIndex, problems);
  const identity = fetcherIdentity(pod, [...new Set(receiving.flat())], options);
  const planned = viewsOf(references.groups, receiving, problems).map((view): PlannedView => {
    const recorded = earlier?.plan.views.find((one) => one.volume === view.volume);
    const fileMode = recorded?.fileMode ?? fileModeFor(pod, view.containers, identity.user);
    problems.push(...fileModeProblems(view.contents, fileMode));
    const delivered = deliver(view, set, options, settings.native, recorded, problems);
    problems.push(...defaultProblems(delivered, options.envFormat));
    return { view: delivered, fileMode, recorded };
  });
  const views = planned.map(({ view }) => view);
  const tooLarge = nativeSizeProblem(views);
  if (tooLarge !== undefined) problems.push(tooLarge);
  const plan = makePlan(references.secrets, planned, options, needsProbe(earlier, check, settings));
  if (check !== undefined) problems.push(...checkProblems(check, fetcherIndex, plan, pod));
  const planText = formatPlan(plan);
  if (isPlanTooLarge(planText)) problems.push(planTooLarge());
  if (volumeBytes(views) > MAX_VOLUME_BYTES) problems.push(volumesTooLarge());
  problems.push(...occupiedNames(pod, views, options.mountPath));
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
    views,
    earlier,
    fetcherIndex,
    check,
    references: references.count,
    warnings,
  };
}

/** The containers of each group. */
function receiversOf(
  pod: Pod,
  groups: readonly Group[],
  options: Options,
  earlier: Plan | undefined,
  fetcherIndex: number,
  problems: Problem[],
): readonly (readonly Container[])[] {
  const recorded =
    earlier === undefined
      ? undefined
      : new Set(earlier.views.flatMap(({ receivers }) => receiverNames(receivers)));
  return groups.map(({ containers, subject }) => {
    const wanted = { containers: containers ?? options.containers, subject };
    return recipientsOf(pod, wanted, recorded, fetcherIndex, problems);
  });
}

/** The first pass decides: what is known of the cluster may change before the second. */
function needsProbe(
  earlier: EarlierPass | undefined,
  check: Container | undefined,
  { native }: InjectionSettings,
): boolean {
  if (earlier !== undefined) return earlier.plan.views.some((view) => view.probe === true);
  return check !== undefined || (native?.can === true && native.probe);
}

/** A check that cannot prove what it is there for, or that kubelet could not even start. */
function checkProblems(
  check: Container,
  fetcherIndex: number,
  { views }: Plan,
  { initContainers }: Pod,
): readonly Problem[] {
  const subject = `initContainers[${check.index}]`;
  const natives = views.flatMap(({ receivers }) => receivers.native);
  const early = initContainers.find(({ name, index }) => natives.includes(name) && index < check.index);
  return [
    ...(check.index < fetcherIndex ? [conflict(subject, 'stands before aws-secrets-fetch')] : []),
    ...(early === undefined
      ? []
      : [conflict(subject, `stands behind ${quote(early.name)}, whose variables it checks`)]),
    ...(views.some((view) => view.probe === true) ? [] : [conflict(subject, 'has no variables to check')]),
  ];
}

/** The memory that all views may take together. */
export function volumeBytes(views: readonly DeliveredView[]): number {
  return views.reduce((sum, view) => sum + viewBytes(representations(view.contents)), 0);
}

function denied(problems: readonly Problem[]): Denied {
  // What stands in several views is complained of in each.
  const [first, ...others] = new Map(problems.map((problem) => [textOf(problem), problem])).values();
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
