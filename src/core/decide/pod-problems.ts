/** Problems of the pod itself: what keeps the plan from working in it. */
import { accountOf, checkEnv, fetcherEnv, fetcherMounts, NO_API } from '../additions/injected-objects.ts';
import { resourceProblems, viewBytes } from '../additions/resources.ts';
import { sidecarFields } from '../additions/sidecar.ts';
import type { Options } from '../annotations/options.ts';
import { MAX_VOLUME_BYTES } from '../limits.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { isWindows, type Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';
import { checkAltered } from './altered.ts';
import type { DeliveredView } from './delivery.ts';
import { conflict, type EarlierPass } from './earlier-pass.ts';
import type { MadePlan } from './make-plan.ts';
import { roomFor } from './manifest-file.ts';
import { checkMounts, checkVolumeNames } from './mount-conflicts.ts';
import { checkEarlierRelease, checkRoleToken } from './roles.ts';

export interface PodCheck {
  readonly pod: Pod;
  readonly namespace: string;
  readonly earlier: EarlierPass;
  readonly views: readonly DeliveredView[];
  readonly made: MadePlan;
  readonly options: Options;
  readonly settings: InjectionSettings;
}

/** Adds all problems of a pod. */
export function checkPod(check: PodCheck, findings: Findings): void {
  const { pod, earlier, views, made, options, settings } = check;
  if (isWindows(pod)) findings.add(windows());
  findings.add(kubeletCheckProblems(earlier, made, pod));
  if (volumeBytes(views, options) > MAX_VOLUME_BYTES) findings.add(volumesTooLarge());
  findings.add(resourceProblems(pod, options, settings.resources));
  checkVolumeNames(pod, views, findings);
  checkMounts(pod, views, options.mountPath, findings);
  checkRoleToken(pod, options, settings, findings);
  checkEarlierRelease(earlier, options, findings);
  // With other problems, the plan cannot be the same.
  if (findings.isClean) findings.add(planProblem(earlier, made));
  if (findings.isClean) checkInjected(check, findings);
}

/** The containers of an earlier pass must still be what the injector writes now. */
function checkInjected(
  { pod, namespace, earlier, made, options, settings }: PodCheck,
  findings: Findings,
): void {
  const { fetcher, check } = earlier;
  if (fetcher !== undefined) {
    const requested = { ...made, options };
    const env = fetcherEnv(requested, accountOf(pod, namespace), settings);
    const written = { env, mounts: fetcherMounts(requested), sidecar: sidecarFields(made.plan) };
    checkAltered(pod, fetcher.container, written, findings);
  }
  const probed = made.plan.views.find((view) => view.probe === true);
  if (check !== undefined && probed !== undefined)
    checkAltered(pod, check, { env: checkEnv(probed.volume), mounts: [NO_API.mount], sidecar: {} }, findings);
}

/** The memory of all views together. */
export function volumeBytes(views: readonly DeliveredView[], options: Options): number {
  return views.reduce((sum, view) => sum + viewBytes(roomFor(view.contents, options)), 0);
}

/** A kubelet check that proves nothing, or that kubelet could not start. */
function kubeletCheckProblems(
  { check, fetcherIndex }: EarlierPass,
  { plan }: MadePlan,
  { initContainers }: Pod,
): readonly Problem[] {
  if (check === undefined) return [];
  const natives = plan.views.flatMap(({ receivers }) => receivers.native);
  const early = initContainers.find(({ name, index }) => natives.includes(name) && index < check.index);
  const problems: Problem[] = [];
  if (check.index < fetcherIndex) problems.push(conflict(check, 'runs before aws-secrets-fetch'));
  if (early !== undefined)
    problems.push(conflict(check, `runs after container ${quote(early.name)}, whose variables it checks`));
  if (!plan.views.some((view) => view.probe === true))
    problems.push(conflict(check, 'has no variables to check'));
  return problems;
}

/** The plan of an earlier pass must be the one that follows from the annotations. */
function planProblem({ fetcher }: EarlierPass, { text }: MadePlan): Problem | undefined {
  if (fetcher === undefined || fetcher.planText === text) return undefined;
  return conflict(fetcher.container, 'has a plan that does not match the annotations');
}

function windows(): Problem {
  return {
    code: 'POD_WINDOWS',
    subject: 'spec.os',
    wrong: 'the pod is for Windows nodes, which have no in-memory volumes',
    expected: `remove the annotations, or set ${annotationKey('inject')} to "false"`,
  };
}

function volumesTooLarge(): Problem {
  return {
    code: 'VOLUME_TOO_LARGE',
    subject: annotationKey('env', '*'),
    wrong: `the requested values may need more than ${MAX_VOLUME_BYTES / 2 ** 20} MiB of memory`,
    expected: 'request fewer values',
  };
}
