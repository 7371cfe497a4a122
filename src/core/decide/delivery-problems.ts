/** What is known at admission to go wrong with variables later. */

import { type Dialect, nativeFault, writeVariables } from '../formats/index.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import type { PlanVariable } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { DeliveredView } from './delivery.ts';

/** Defaults that could not be carried: better refused now than on the day when the value is absent. */
export function defaultProblems(view: DeliveredView, format: Dialect): readonly Problem[] {
  const isNative = view.recipients.some(({ envMode }) => envMode === 'native');
  return view.contents.env.flatMap((variable) => {
    const fault = defaultFault(variable, format, isNative);
    return fault === undefined ? [] : [unusableDefault(variable, fault)];
  });
}

function defaultFault(
  { name, default: value }: PlanVariable,
  format: Dialect,
  isNative: boolean,
): string | undefined {
  if (value === undefined) return undefined;
  if (isNative) return nativeFault(name, value);
  const written = writeVariables(format, [{ name, value }]);
  return 'faults' in written ? written.faults[0]?.fault : undefined;
}

function unusableDefault(variable: PlanVariable, fault: string): Problem {
  return {
    code: 'DEFAULT_NOT_REPRESENTABLE',
    subject: printable(subjectOf.env(variable)),
    wrong: `the default of ${quote(variable.name)} ${fault}, which the way that its variables travel cannot carry`,
    expected: `write another default, or choose another way with ${annotationKey('env-mode')}`,
  };
}

/** The bytes of pod that API servers and etcd take without trouble (etcd's own limit is 1.5 MiB for a request). */
const MOST_ENTRIES_BYTES = 2 ** 20;
/** An entry of `env` with its `fileKeyRef`, as JSON, without the name that it holds twice. */
const ENTRY_BYTES = 110;

/** The problem that native variables would make a pod larger than a cluster stores. */
export function nativeSizeProblem(views: readonly DeliveredView[]): Problem | undefined {
  let bytes = 0;
  for (const { recipients, contents } of views) {
    const containers = recipients.filter(({ envMode }) => envMode === 'native').length;
    if (containers === 0) continue;
    bytes += containers * contents.env.reduce((sum, { name }) => sum + ENTRY_BYTES + 2 * name.length, 0);
  }
  if (bytes <= MOST_ENTRIES_BYTES) return undefined;
  return {
    code: 'ENV_MODE_NATIVE_TOO_LARGE',
    subject: annotationKey('env-mode'),
    wrong: 'native variables in so many containers make the pod larger than a cluster stores',
    expected: 'name fewer containers or variables, or set it to shell or file',
  };
}
