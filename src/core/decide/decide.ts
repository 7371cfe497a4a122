/** The decision about one pod: leave it unchanged, deny it, or inject by a plan. The function reads as the policy. */
import { hasAnnotations, readAnnotations } from '../annotations/annotations.ts';
import type { Options } from '../annotations/options.ts';
import { readAsked } from '../annotations/read-asked.ts';
import { field } from '../json.ts';
import { type Pod, readPod } from '../pod/pod.ts';
import { NO_RULES } from '../policy/policy.ts';
import { Findings } from '../problems/findings.ts';
import type { InjectionSettings } from '../settings.ts';
import type { DeliveredView } from './delivery.ts';
import { type EarlierPass, findEarlierPass } from './earlier-pass.ts';
import { type MadePlan, makePlan } from './make-plan.ts';
import { checkOperatorPolicy } from './operator-policy.ts';
import { type Denied, denied, type Unchanged, unchanged } from './outcome.ts';
import { pinSecrets } from './pin-secrets.ts';
import { planRefresh } from './plan-refresh.ts';
import { planViews } from './plan-views.ts';
import { checkPod } from './pod-problems.ts';
import { warnAboutPod } from './pod-warnings.ts';
import { checkPartitions } from './roles.ts';
import type { RunAs } from './run-as.ts';

export interface Injection {
  readonly kind: 'inject';
  readonly pod: Pod;
  readonly made: MadePlan;
  readonly options: Options;
  readonly runAs: RunAs;
  readonly views: readonly DeliveredView[];
  readonly earlier: EarlierPass;
  readonly references: number;
  readonly warnings: readonly string[];
}

/**
 * Decides about a pod. All problems are gathered before the pod is denied.
 * @param json the pod as the API server sends it
 * @param findings receives the problems and the warnings, for callers that need their codes
 */
export function decide(
  json: unknown,
  namespace: string,
  settings: InjectionSettings,
  findings: Findings = new Findings(),
): Injection | Unchanged | Denied {
  const annotations = field(field(json, 'metadata'), 'annotations');
  if (!hasAnnotations(annotations)) return unchanged('not-asked');
  const set = readAnnotations(annotations, findings);
  if (set.options.get('inject') === 'false') return unchanged('inject-false');
  if (field(annotations, 'kubernetes.io/config.mirror') !== undefined) return unchanged('mirror-pod');

  const asked = readAsked(set, namespace, settings, findings);
  checkPartitions(asked.options, asked.secrets, findings);
  const policy = settings.policy?.rulesIn(namespace) ?? NO_RULES;
  checkOperatorPolicy(asked, namespace, { settings, policy }, findings);
  const pod = findings.take(readPod(json));
  if (pod === undefined) return denied(findings.problems, findings.dropped);
  if (asked.isEmpty && findings.isClean) return unchanged('nothing-asked', findings.warnings);
  const earlier = findings.take(findEarlierPass(pod, settings));
  if (earlier === undefined) return denied(findings.problems, findings.dropped);
  const { views: planned, runAs } = planViews(asked, pod, earlier, { settings, policy, findings });
  const { options, count: references } = asked;
  const secrets = settings.ignoresPins === true ? asked.secrets : pinSecrets(asked, annotations, findings);
  const views = planned.map(({ view }) => view);
  const refresh = planRefresh({ pod, earlier, views, options, runAs, settings }, findings);
  const made = makePlan(
    { pod, secrets, views: planned, options, probes: probes(earlier, settings), refresh },
    findings,
  );
  checkPod({ pod, namespace, earlier, views, made, options, settings }, findings);
  if (!findings.isClean) return denied(findings.problems, findings.dropped);
  warnAboutPod({ pod, earlier, views, options, runAs }, findings);
  return {
    kind: 'inject',
    pod,
    made,
    options,
    runAs,
    views,
    earlier,
    references,
    warnings: findings.warnings,
  };
}

/** Whether a kubelet check is needed. The first pass decides, because the cluster may change before the second. */
function probes({ fetcher, check }: EarlierPass, { native }: InjectionSettings): boolean {
  if (fetcher !== undefined) return fetcher.plan.views.some((view) => view.probe === true);
  return check !== undefined || (native?.can === true && native.probe);
}
