/** How variables reach each container that receives a view. */

import { standingOf } from '../additions/native-variables.ts';
import type { AnnotationSet } from '../annotations/annotations.ts';
import type { Options } from '../annotations/options.ts';
import { textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { ENV_FILE } from '../names/volume-layout.ts';
import { hasVariables, type PlanVariable, type PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Container } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { NativeSupport } from '../settings.ts';
import { resolveEnvMode } from './env-mode.ts';
import type { View } from './views.ts';

export type Delivery = 'native' | 'shell' | 'file';

/** A container that receives a view, and how its variables reach it. */
export interface Recipient {
  readonly container: Container;
  readonly envMode: Delivery;
}

export interface DeliveredView extends View {
  readonly recipients: readonly Recipient[];
}

/**
 * Decides for each container of a view.
 * @param recorded what an earlier pass decided
 */
export function deliver(
  view: View,
  set: AnnotationSet,
  options: Options,
  native: NativeSupport | undefined,
  recorded: PlanView | undefined,
  problems: Problem[],
): DeliveredView {
  const { env, envFrom } = view.contents;
  if (!hasVariables(view.contents)) {
    return { ...view, recipients: view.containers.map((container) => ({ container, envMode: 'file' })) };
  }
  const byName = new Map(env.map((variable) => [variable.name, variable]));
  const written = set.options.get('env-mode');
  const situation = { envFile: envFilePath(options), format: options.envFormat, native, envFrom };
  const recipients = view.containers.map((container): Recipient => {
    // The operator's default or the cluster may have changed since the first pass: only the annotation overrules the record.
    const before = recorded === undefined ? undefined : recordedMode(recorded, container);
    const isSettled =
      before !== undefined && (written === undefined || written === 'auto' || written === before);
    // A shell needs a command, which another webhook may have removed since.
    const mode =
      isSettled && before !== 'shell'
        ? before
        : resolveEnvMode(isSettled ? before : options.envMode, container, situation);
    complainOfDeclared(container, byName, view.volume, mode, recorded !== undefined, problems);
    if (typeof mode === 'string') return { container, envMode: mode };
    // Without this an earlier problem of the same option would be told twice.
    if (written === undefined || written === options.envMode) problems.push(mode);
    return { container, envMode: 'file' };
  });
  return { ...view, recipients };
}

function recordedMode({ receivers }: PlanView, { name }: Container): Delivery | undefined {
  return (['native', 'shell', 'file'] as const).find((mode) => receivers[mode].includes(name));
}

/** The env file as receiving containers see it. */
export function envFilePath(options: Options): string {
  return `${options.mountPath}/${ENV_FILE}`;
}

/** A variable that a container declares itself: the last of two would win, also when another webhook added it. */
function complainOfDeclared(
  container: Container,
  byName: ReadonlyMap<string, PlanVariable>,
  volume: string,
  mode: Delivery | Problem,
  isLaterPass: boolean,
  problems: Problem[],
): void {
  const seen = new Set<string>();
  for (const entry of container.env) {
    const name = textField(entry, 'name') ?? '';
    const variable = byName.get(name);
    if (variable === undefined) continue;
    const standing = mode === 'native' ? standingOf(entry, variable, volume) : 'foreign';
    const isOurs = standing === 'ours' || (standing === 'damaged' && isLaterPass);
    if (!isOurs || seen.has(name)) problems.push(alreadySet(variable, container));
    seen.add(name);
  }
}

function alreadySet(variable: PlanVariable, container: Container): Problem {
  return {
    code: 'ENV_ALREADY_SET',
    subject: printable(subjectOf.env(variable)),
    wrong: `container ${quote(container.name)} already declares the variable ${quote(variable.name)}`,
    expected: 'remove one of the two: which one wins would depend on the order',
  };
}

/** The problem that an `env-format` other than the shell's cannot go with the way that was chosen. */
export function formatProblem(options: Options, set: AnnotationSet): Problem | undefined {
  const mode = set.options.get('env-mode');
  if (options.envFormat === 'shell' || (mode !== 'native' && mode !== 'shell')) return undefined;
  return {
    code: 'OPTION_CONFLICT',
    subject: annotationKey('env-format'),
    wrong: `${quote(options.envFormat)} contradicts ${annotationKey('env-mode')} ${quote(mode)}, which reads the shell's format`,
    expected: 'leave one of the two out; with env-format the application reads the file itself',
  };
}
