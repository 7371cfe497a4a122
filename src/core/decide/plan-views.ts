/** Plans the views of a pod: who receives which secrets, in which file mode and env-mode. */
import type { Asked } from '../annotations/read-asked.ts';
import type { Pod } from '../pod/pod.ts';
import type { NamespaceRules } from '../policy/policy.ts';
import type { Findings } from '../problems/findings.ts';
import type { InjectionSettings } from '../settings.ts';
import { deliver, recordedModes } from './delivery.ts';
import { defaultProblems, nativeSizeProblem } from './delivery-problems.ts';
import type { EarlierPass } from './earlier-pass.ts';
import type { PlannedView } from './make-plan.ts';
import { manifestConflicts } from './manifest-file.ts';
import { Recipients } from './recipients.ts';
import { fileModeFor, fileModeProblems, isComputedMode, type RunAs, runAsOf } from './run-as.ts';
import { viewsOf } from './views.ts';

export interface PlannedViews {
  readonly views: readonly PlannedView[];
  readonly runAs: RunAs;
}

export interface PlanningContext {
  readonly settings: InjectionSettings;
  /** The operator's rules of the namespace. */
  readonly policy: NamespaceRules;
  readonly findings: Findings;
}

/** Plans all views. */
export function planViews(
  { groups, options }: Asked,
  pod: Pod,
  earlier: EarlierPass,
  { settings, policy, findings }: PlanningContext,
): PlannedViews {
  const recipients = new Recipients(pod, earlier);
  const receiving = groups.map(({ containers, subject }) =>
    recipients.of({ containers: containers ?? options.containers, subject }, findings),
  );
  const runAs = runAsOf(pod, [...new Set(receiving.flat())], options);
  const views = viewsOf(groups, receiving, findings).map((view): PlannedView => {
    const recorded = earlier.fetcher?.plan.views.find((one) => one.volume === view.volume);
    // Other webhooks may change users and groups after the first pass.
    const computed =
      options.fileMode === undefined && isComputedMode(recorded?.fileMode)
        ? recorded.fileMode
        : fileModeFor(pod, view.containers, runAs.user);
    const fileMode = options.fileMode ?? computed;
    findings.add(fileModeProblems(view.contents, computed, options.fileMode));
    const modes = recorded === undefined ? undefined : recordedModes(recorded);
    const delivered = deliver(
      view,
      { options, native: settings.native, recorded: modes, rules: policy.rules },
      findings,
    );
    findings.add(defaultProblems(delivered, options.envFormat));
    if (options.manifestFile) findings.add(manifestConflicts(view.contents));
    return { view: delivered, fileMode, recorded };
  });
  findings.add(nativeSizeProblem(views.map(({ view }) => view)));
  return { views, runAs };
}
