/** Problems with variables that are known at admission. */
import { type Dialect, nativeFault, writeVariables } from '../formats/index.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import type { PlanVariable } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { DeliveredView } from './delivery.ts';

/** Defaults that the mode or format cannot represent: better rejected now than when the value is missing one day. */
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
  return written.ok ? undefined : written.problem[0]?.fault;
}

function unusableDefault(variable: PlanVariable, fault: string): Problem {
  return {
    code: 'DEFAULT_NOT_REPRESENTABLE',
    subject: printable(subjectOf.env(variable)),
    wrong: `the default of ${quote(variable.name)} ${fault}, which the selected env-mode or env-format cannot represent`,
    expected: `use another default, or another ${annotationKey('env-mode')}`,
  };
}

/** Bytes of variables that API servers and etcd store safely (the limit of etcd is 1.5 MiB for a request). */
const MOST_ENTRIES_BYTES = 2 ** 20;
/** An entry of `env` with a `fileKeyRef` as JSON, without its name, which it contains twice. */
const ENTRY_BYTES = 110;

/** The problem of native variables that make a pod too large to store. */
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
    wrong: `the native variables of all containers take more than ${MOST_ENTRIES_BYTES / 2 ** 20} MiB, which is more than a cluster stores`,
    expected: 'request fewer variables, name fewer containers, or set the annotation to shell or file',
  };
}
