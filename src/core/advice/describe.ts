/** What the containers of a pod get, in which mode, from which secrets, and how often the pod calls AWS. */
import type { Injection } from '../decide/decide.ts';
import { recordedModes } from '../decide/delivery.ts';
import type { Delivery } from '../decide/env-mode.ts';
import { type Denied, REASONS, type Unchanged } from '../decide/outcome.ts';
import type { Dialect } from '../formats/index.ts';
import { hasVariables, type Plan, type PlanView } from '../plan/plan.ts';
import type { PlanRefresh } from '../plan/refresh.ts';
import type { VersionsRecord } from '../plan/versions.ts';
import { formatProblem } from '../problems/problems.ts';
import { describeFiles, describeVariables, envFileIn, type ItemDescription } from './describe-items.ts';
import { describeSecrets, type SecretDescription } from './describe-secrets.ts';
import type { Diagnosis } from './diagnose/diagnosis.ts';
import { estimateCalls, type RegionEstimate } from './estimate.ts';

/** A pod of a manifest or of a cluster, before or after the injection. */
export interface PodDescription {
  /** `Deployment/shop/web`. */
  readonly object: string;
  /** How many pods of this kind there are; undefined if that is not known. */
  readonly pods: number | undefined;
  /** `unknown` for an object of which only Events are known. */
  readonly outcome: 'injected' | 'unchanged' | 'denied' | 'unknown';
  /** Why the pod is left unchanged, or denied. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly containers: readonly ContainerDescription[];
  readonly secrets: readonly SecretDescription[];
  /** How the pod gets new versions while it runs; undefined if it keeps those of its start. */
  readonly refresh: PlanRefresh | undefined;
  /** The estimate for each Region. */
  readonly calls: readonly RegionEstimate[];
  /** What else is known about a running pod. */
  readonly notes: readonly string[];
  /** Why a pod of a cluster does not run, or was not created. */
  readonly diagnoses: readonly Diagnosis[];
}

/** What one container gets. */
export interface ContainerDescription {
  readonly name: string;
  /** How the variables reach the process; undefined without variables. */
  readonly envMode: Delivery | undefined;
  /** The file with the variables, for the modes shell and file. */
  readonly envFile: string | undefined;
  /** The format of that file. */
  readonly envFormat: Dialect | undefined;
  readonly variables: readonly ItemDescription[];
  readonly files: readonly ItemDescription[];
}

/** Which pod is described. */
export interface Described {
  readonly object: string;
  readonly pods: number | undefined;
}

const NOTHING = {
  warnings: [],
  containers: [],
  secrets: [],
  refresh: undefined,
  calls: [],
  notes: [],
  diagnoses: [],
};

/** Describes the decision about a pod. */
export function describeDecision(
  described: Described,
  decision: Injection | Unchanged | Denied,
): PodDescription {
  switch (decision.kind) {
    case 'unchanged': {
      const { reason, warnings } = decision;
      return { ...describeOther(described, REASONS[reason]), warnings };
    }
    case 'denied': {
      const { problems, more } = decision;
      const reasons = [...problems.map(formatProblem), ...(more > 0 ? [`${more} more problems`] : [])];
      return { ...described, ...NOTHING, outcome: 'denied', reasons };
    }
    case 'inject': {
      const { made, options, warnings } = decision;
      return describePlan(described, made.plan, { pathOf: () => options.mountPath, warnings });
    }
  }
}

/** Describes a pod that gets nothing. */
export function describeOther(described: Described, reason: string): PodDescription {
  return { ...described, ...NOTHING, outcome: 'unchanged', reasons: [reason] };
}

/** Describes an object that only its Events are known of. */
export function describeByEvents(object: string, diagnoses: readonly Diagnosis[]): PodDescription {
  return { object, pods: undefined, ...NOTHING, outcome: 'unknown', reasons: [], diagnoses };
}

/** What a plan does not contain. */
export interface PlanContext {
  /** Where a container mounts the volume of a view. */
  readonly pathOf: (container: string, volume: string) => string;
  readonly warnings: readonly string[];
  readonly record?: VersionsRecord | undefined;
  readonly notes?: readonly string[];
}

/** Describes what the plan of a pod adds to its containers. */
export function describePlan(described: Described, plan: Plan, context: PlanContext): PodDescription {
  const { pathOf, warnings, record, notes = [] } = context;
  const secrets = describeSecrets(plan.secrets, record);
  return {
    ...described,
    outcome: 'injected',
    reasons: [],
    warnings,
    containers: plan.views.flatMap((view) => describeView(view, pathOf)),
    secrets,
    refresh: plan.refresh,
    calls: estimateCalls({
      count: described.pods ?? 1,
      secrets,
      refresh: plan.refresh,
    }),
    notes,
    diagnoses: [],
  };
}

function describeView(view: PlanView, pathOf: PlanContext['pathOf']): readonly ContainerDescription[] {
  const variables = describeVariables(view);
  return [...recordedModes(view)].map(([name, mode]) => {
    const directory = pathOf(name, view.volume);
    const readsFile = hasVariables(view) && mode !== 'native';
    return {
      name,
      envMode: hasVariables(view) ? mode : undefined,
      envFile: readsFile ? envFileIn(directory) : undefined,
      envFormat: readsFile ? view.format : undefined,
      variables,
      files: describeFiles(view, directory),
    };
  });
}
