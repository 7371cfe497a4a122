/** How variables reach each container that receives a view. */
import { standingOf } from '../additions/native-variables.ts';
import type { Options } from '../annotations/options.ts';
import { textField } from '../json.ts';
import { ENV_FILE } from '../names/volume-layout.ts';
import { hasVariables, type PlanVariable, type PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Container } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { Result } from '../problems/result.ts';
import type { NativeSupport } from '../settings.ts';
import { type Delivery, resolveEnvMode, type Situation } from './env-mode.ts';
import type { View } from './views.ts';

/** A container that receives a view, and the env-mode of its variables. */
export interface Recipient {
  readonly container: Container;
  readonly envMode: Delivery;
}

export interface DeliveredView extends View {
  readonly recipients: readonly Recipient[];
}

export interface DeliveryContext {
  readonly options: Options;
  readonly native: NativeSupport | undefined;
  /** The same view in the plan of an earlier pass. */
  readonly recorded: PlanView | undefined;
}

/** Decides the env-mode of each container of a view. */
export function deliver(view: View, context: DeliveryContext, findings: Findings): DeliveredView {
  const { options, native, recorded } = context;
  const { env, envFrom } = view.contents;
  if (!hasVariables(view.contents)) {
    return { ...view, recipients: view.containers.map((container) => ({ container, envMode: 'file' })) };
  }
  const byName = new Map(env.map((variable) => [variable.name, variable]));
  const situation = { envFile: envFilePath(options), format: options.envFormat, native, envFrom };
  const recipients = view.containers.map((container): Recipient => {
    const mode = modeOf(container, context, situation);
    findings.add(
      declaredProblems(container, {
        byName,
        volume: view.volume,
        isNative: mode.ok && mode.value === 'native',
        isLaterPass: recorded !== undefined,
      }),
    );
    if (mode.ok) return { container, envMode: mode.value };
    // An invalid annotation was reported already.
    if (options.writtenEnvMode !== 'invalid') findings.add(mode.problem);
    return { container, envMode: 'file' };
  });
  return { ...view, recipients };
}

/** The operator's default or the cluster may change after the first pass, so only the annotation overrides the record. */
function modeOf(
  container: Container,
  { options, recorded }: DeliveryContext,
  situation: Situation,
): Result<Delivery> {
  const before = recorded === undefined ? undefined : recordedMode(recorded, container);
  const written = options.writtenEnvMode;
  const isSettled =
    before !== undefined && (written === undefined || written === 'auto' || written === before);
  // Shell mode needs a command, which another webhook may have removed since.
  if (isSettled && before !== 'shell') return { ok: true, value: before };
  return resolveEnvMode(isSettled ? before : options.envMode, container, situation);
}

function recordedMode({ receivers }: PlanView, { name }: Container): Delivery | undefined {
  return (['native', 'shell', 'file'] as const).find((mode) => receivers[mode].includes(name));
}

/** The env file's path in receiving containers. */
export function envFilePath(options: Options): string {
  return `${options.mountPath}/${ENV_FILE}`;
}

interface Declaring {
  readonly byName: ReadonlyMap<string, PlanVariable>;
  readonly volume: string;
  readonly isNative: boolean;
  readonly isLaterPass: boolean;
}

/** Requested variables that a container declares itself, or declares twice: the last declaration would win. */
function declaredProblems(
  container: Container,
  { byName, volume, isNative, isLaterPass }: Declaring,
): readonly Problem[] {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const entry of container.env) {
    const name = textField(entry, 'name') ?? '';
    const variable = byName.get(name);
    if (variable === undefined) continue;
    const standing = isNative ? standingOf(entry, variable, volume) : 'foreign';
    const isInjected = standing === 'injected' || (standing === 'damaged' && isLaterPass);
    if (!isInjected || seen.has(name)) problems.push(alreadySet(variable, container));
    seen.add(name);
  }
  return problems;
}

function alreadySet(variable: PlanVariable, container: Container): Problem {
  return {
    code: 'ENV_ALREADY_SET',
    subject: printable(subjectOf.env(variable)),
    wrong: `container ${quote(container.name)} already declares the variable ${quote(variable.name)}`,
    expected: 'remove the variable from the container, or remove the annotation',
  };
}
