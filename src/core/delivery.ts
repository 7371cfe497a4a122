/** How variables reach each container that receives them. */
import { type AnnotationSet, annotationKey } from './annotations.ts';
import { textField } from './json.ts';
import type { EnvMode, Options } from './options.ts';
import { ENV_FILE, type Receivers } from './plan.ts';
import type { Container } from './pod.ts';
import type { Problem } from './problems.ts';
import { quote } from './quote.ts';
import type { References } from './references.ts';
import { resolveEnvMode } from './shell-mode.ts';

/** A container that receives the secrets, and how its variables reach it. */
export interface Recipient {
  readonly container: Container;
  readonly envMode: 'shell' | 'file';
}

/**
 * Decides for each receiving container.
 * @param recorded what an earlier pass decided
 */
export function deliverTo(
  receiving: readonly Container[],
  set: AnnotationSet,
  options: Options,
  references: References,
  recorded: Receivers | undefined,
  problems: Problem[],
): readonly Recipient[] {
  const hasVariables = references.env.length > 0 || references.envFrom.length > 0;
  const names = new Set(references.env.map((entry) => entry.name));
  const written = set.options.get('env-mode');
  return receiving.map((container) => {
    for (const entry of container.env) {
      const name = textField(entry, 'name') ?? '';
      if (names.has(name)) problems.push(alreadySet(name, container));
    }
    if (!hasVariables) return { container, envMode: 'file' };
    // The operator's default may have changed since the first pass: only the annotation overrules the record.
    const wanted =
      written === undefined ? (recordedMode(recorded, container) ?? options.envMode) : options.envMode;
    const mode = resolveEnvMode(wanted, container, envFilePath(options));
    if (typeof mode === 'string') return { container, envMode: mode };
    // Without this an earlier problem of the same option would be told twice.
    if (written === undefined || written === options.envMode) problems.push(mode);
    return { container, envMode: 'file' };
  });
}

function recordedMode(recorded: Receivers | undefined, { name }: Container): EnvMode | undefined {
  if (recorded?.shell.includes(name)) return 'shell';
  return recorded?.file.includes(name) ? 'file' : undefined;
}

/** The env file as receiving containers see it. */
export function envFilePath(options: Options): string {
  return `${options.mountPath}/${ENV_FILE}`;
}

function alreadySet(name: string, container: Container): Problem {
  return {
    code: 'ENV_ALREADY_SET',
    subject: annotationKey('env', name),
    wrong: `container ${quote(container.name)} already declares the variable ${quote(name)}`,
    expected: 'remove one of the two: which one wins would depend on the order',
  };
}
