/** How variables reach each container that receives a view. */
import { standingOf } from '../additions/native-variables.ts';
import type { Options } from '../annotations/options.ts';
import { textField } from '../json.ts';
import { ENV_FILE } from '../names/volume-layout.ts';
import { hasVariables, type PlanVariable, type PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Container } from '../pod/pod.ts';
import type { NamespaceRule } from '../policy/policy.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { Result } from '../problems/result.ts';
import type { NativeSupport } from '../settings.ts';
import { type Delivery, resolveEnvMode, type Situation } from './env-mode.ts';
import { checkEnvMode } from './policy-denials.ts';
import { checkShellLosses } from './shell-losses.ts';
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
  /** The env-mode of each container in the same view of an earlier pass; undefined in a new pod. */
  readonly recorded: ReadonlyMap<string, Delivery> | undefined;
  /** The operator's rules of the namespace. */
  readonly rules: readonly NamespaceRule[];
}

/** Decides the env-mode of each container of a view. */
export function deliver(view: View, context: DeliveryContext, findings: Findings): DeliveredView {
  const { options, native, recorded, rules } = context;
  const { env, envFrom } = view.contents;
  if (!hasVariables(view.contents)) {
    return { ...view, recipients: view.containers.map((container) => ({ container, envMode: 'file' })) };
  }
  const byName = new Map(env.map((variable) => [variable.name, variable]));
  const situation: Situation = {
    envFile: envFilePath(options),
    format: options.envFormat,
    native,
    envFrom,
    allows: (mode) => rules.every((rule) => rule.allowsEnvMode(mode)),
  };
  const recipients = view.containers.map((container): Recipient => {
    const mode = modeOf(container, context, situation);
    const isNative = mode.ok && mode.value === 'native';
    checkDeclared(
      container,
      { byName, volume: view.volume, isNative, isLaterPass: recorded !== undefined },
      findings,
    );
    if (mode.ok) {
      checkEnvMode(rules, mode.value, container, findings);
      if (mode.value === 'shell') checkShellLosses(container, situation.envFile, findings);
      return { container, envMode: mode.value };
    }
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
  const before = recorded?.get(container.name);
  const written = options.writtenEnvMode;
  const isSettled =
    before !== undefined && (written === undefined || written === 'auto' || written === before);
  // Shell mode needs a command, which another webhook may have removed since.
  if (isSettled && before !== 'shell') return { ok: true, value: before };
  return resolveEnvMode(isSettled ? before : options.envMode, container, situation);
}

/** The env-modes that a plan records, by container. */
export function recordedModes({ receivers }: PlanView): ReadonlyMap<string, Delivery> {
  const modes = (['native', 'shell', 'file'] as const).toReversed();
  return new Map(modes.flatMap((mode) => receivers[mode].map((name) => [name, mode] as const)));
}

/** Whether a container mounts a view. With native variables, only files need the mount. */
export function mountsView(
  { contents }: View,
  envMode: Delivery,
  { manifestFile }: Pick<Options, 'manifestFile'>,
): boolean {
  return envMode !== 'native' || contents.files.length > 0 || contents.filesFrom.length > 0 || manifestFile;
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

/** Adds requested variables that a container declares itself, or twice: the last declaration would win. */
function checkDeclared(
  container: Container,
  { byName, volume, isNative, isLaterPass }: Declaring,
  findings: Findings,
): void {
  const seen = new Set<string>();
  for (const entry of container.env) {
    const name = textField(entry, 'name') ?? '';
    const variable = byName.get(name);
    if (variable === undefined) continue;
    const standing = isNative ? standingOf(entry, variable, volume) : 'foreign';
    const isInjected = standing === 'injected' || (standing === 'damaged' && isLaterPass);
    if (!isInjected || seen.has(name)) findings.add(() => alreadySet(variable, container));
    seen.add(name);
  }
}

function alreadySet(variable: PlanVariable, container: Container): Problem {
  return {
    code: 'ENV_ALREADY_SET',
    subject: printable(subjectOf.env(variable)),
    wrong: `container ${quote(container.name)} already declares the variable ${quote(variable.name)}`,
    expected: 'remove the variable from the container, or remove the annotation',
  };
}
