/** What the webhook decides about pods. */
import { decide, type Injection } from '../core/decide/decide.ts';
import type { Denied, Unchanged } from '../core/decide/outcome.ts';
import { podTemplates } from '../core/pod/pod-templates.ts';
import { formatProblem } from '../core/problems/problems.ts';

export interface ClusterOptions {
  /** Of objects that do not name one. By default, `default`. */
  readonly namespace?: string;
  /** Whether the cluster supports native variables, as Kubernetes 1.35 and later do. By default, `true`. */
  readonly nativeVariables?: boolean;
}

/** The decision about a pod or the pods of a workload. */
export interface Decision {
  /** `Deployment/shop/web`. */
  readonly object: string;
  readonly outcome: 'injected' | 'unchanged' | 'denied';
  /** Why the pod would be denied: `CODE annotation: what is wrong; what is expected`. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Decides about every pod and pod template of an object, as the webhook does without a policy of the operator.
 * @param object of Kubernetes, or a list of them, with its kind
 * @returns nothing for an object without a pod template
 */
export function check(object: object, options: ClusterOptions = {}): readonly Decision[] {
  const { namespace = 'default', nativeVariables = true } = options;
  const native = nativeVariables
    ? ({ can: true, probe: false } as const)
    : ({ can: false, why: 'the cluster does not support them' } as const);
  const settings = {
    image: 'aws-secrets-injector',
    native,
    sidecars: { can: true },
    ignoresPins: true,
  } as const;
  return podTemplates(object, namespace).map(({ pod, object: name, namespace: where }) =>
    decisionOf(name, decide(pod, where, settings)),
  );
}

function decisionOf(object: string, decision: Injection | Unchanged | Denied): Decision {
  switch (decision.kind) {
    case 'inject':
      return { object, outcome: 'injected', problems: [], warnings: decision.warnings };
    case 'unchanged':
      return { object, outcome: 'unchanged', problems: [], warnings: decision.warnings };
    case 'denied':
      return { object, outcome: 'denied', problems: decision.problems.map(formatProblem), warnings: [] };
  }
}
