/** Which way variables reach one container: decided from its command, the cluster and what is asked for. */

import { hasShellPrefix } from '../additions/shell-mode.ts';
import type { Dialect } from '../formats/index.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import type { PlanVariables } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Container } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { EnvMode, NativeSupport } from '../settings.ts';

export interface Situation {
  readonly envFile: string;
  readonly format: Dialect;
  readonly native: NativeSupport | undefined;
  readonly envFrom: readonly PlanVariables[];
}

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash']);

/** @returns the way, or the problem that none is open */
export function resolveEnvMode(
  mode: EnvMode,
  container: Container,
  situation: Situation,
): 'native' | 'shell' | 'file' | Problem {
  // Whoever chose another format than the shell's reads the file; a contradiction is told once for the whole pod.
  if (situation.format !== 'shell') return 'file';
  const program = container.command?.[0];
  switch (mode) {
    case 'file':
      return 'file';
    case 'shell':
      return program === undefined ? needsCommand(container) : 'shell';
    case 'native':
      return notNative(situation) ?? 'native';
    case 'auto': {
      const obstacle = notNative(situation);
      if (obstacle === undefined) return 'native';
      const isShell =
        program !== undefined &&
        (hasShellPrefix(container, situation.envFile) || SHELLS.has(baseName(program)));
      return isShell ? 'shell' : undecided(container, obstacle, situation.envFile);
    }
  }
}

/** Why variables cannot be native, or undefined. */
function notNative({ native, envFrom }: Situation): Problem | undefined {
  const subject = annotationKey('env-mode');
  if (native?.can !== true) {
    return {
      code: 'ENV_MODE_NATIVE_UNAVAILABLE',
      subject,
      wrong: `native variables cannot be had: ${printable(native?.why ?? 'whether the cluster can has not been looked up', 300)}`,
      expected: 'set it to shell or file',
    };
  }
  const [spread] = envFrom;
  if (spread === undefined) return undefined;
  return {
    code: 'ENV_MODE_NEEDS_NAMES',
    subject,
    wrong: `${printable(subjectOf.envFrom(spread))} brings variables whose names are known only when they are fetched, and native ones must be named`,
    expected:
      'ask for them one by one, list their keys with include in the YAML form, or set it to shell or file',
  };
}

function needsCommand(container: Container): Problem {
  return {
    code: 'ENV_MODE_NEEDS_COMMAND',
    subject: annotationKey('env-mode'),
    wrong: `container ${quote(container.name)} has no command, so its image's own start cannot be put behind a shell`,
    expected: 'write its command into the pod (the ENTRYPOINT of the image), or use env-mode file',
  };
}

function undecided(container: Container, obstacle: Problem, envFile: string): Problem {
  const program = container.command?.[0];
  const found =
    program === undefined
      ? `container ${quote(container.name)} has no command to put a shell before`
      : `container ${quote(container.name)} starts ${quote(program)}, which is no shell`;
  return {
    code: 'ENV_MODE_UNDECIDED',
    subject: annotationKey('env-mode'),
    wrong: `${found}, and ${obstacle.wrong}`,
    expected: `set it to shell (the image needs /bin/sh and the pod the command) or to file (the program reads ${envFile})`,
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
