/** The decision of the webhook about a pod of a manifest, for a cluster that may not be known. */
import { decide, type Injection } from '../../decide/decide.ts';
import type { Denied, Unchanged } from '../../decide/outcome.ts';
import { Findings } from '../../problems/findings.ts';
import type { Warning } from '../../problems/warning-codes.ts';
import type { InjectionSettings, NativeSupport } from '../../settings.ts';

/** A pod of a manifest. */
export interface LintedPod {
  /** The pod as the API server would send it. */
  readonly json: unknown;
  readonly namespace: string;
  /** `activeDeadlineSeconds` of the Job that creates the pod. */
  readonly jobDeadline?: number | undefined;
}

const NATIVE: NativeSupport = { can: true, probe: false };
const NO_NATIVE: NativeSupport = { can: false, why: 'no cluster was checked' };

export interface Decided {
  readonly decision: Injection | Unchanged | Denied;
  readonly warnings: readonly Warning[];
  /** Whether only a cluster with native variables accepts the pod. */
  readonly needsNative: boolean;
}

/** Decides for the cluster of the settings. If it is not known, what some supported cluster accepts is right. */
export function decideForLint({ json, namespace }: LintedPod, settings: InjectionSettings): Decided {
  const decideWith = (native: NativeSupport): Omit<Decided, 'needsNative'> => {
    const findings = new Findings();
    const decision = decide(json, namespace, { ...settings, native, ignoresPins: true }, findings);
    return { decision, warnings: findings.codedWarnings };
  };
  if (settings.native !== undefined) return { ...decideWith(settings.native), needsNative: false };
  const native = decideWith(NATIVE);
  if (native.decision.kind === 'unchanged') return { ...native, needsNative: false };
  const other = decideWith(NO_NATIVE);
  if (native.decision.kind === 'denied')
    return { ...(other.decision.kind === 'denied' ? native : other), needsNative: false };
  return { ...native, needsNative: other.decision.kind === 'denied' };
}
