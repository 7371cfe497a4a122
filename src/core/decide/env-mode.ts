/** How variables reach one container, decided from its command, the cluster and the requested variables. */
import { isShell } from '../additions/shell-mode.ts';
import type { Dialect } from '../formats/index.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import type { PlanVariables } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { Container } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import type { EnvMode, NativeSupport } from '../settings.ts';

/** The env-mode of one container. */
export type Delivery = 'native' | 'shell' | 'file';

export interface Situation {
  /** Path of the env file in the receiving container. */
  readonly envFile: string;
  readonly format: Dialect;
  readonly native: NativeSupport | undefined;
  readonly envFrom: readonly PlanVariables[];
  /** Whether the operator's policy allows a mode. */
  readonly allows: (mode: Delivery) => boolean;
}

/**
 * Resolves `auto`, and checks that the mode is possible for the container. `auto` selects a mode that the policy allows, if
 * one is possible; whether the result is allowed is checked later.
 */
export function resolveEnvMode(mode: EnvMode, container: Container, situation: Situation): Result<Delivery> {
  // With another format the application reads the file. A contradiction is reported once for the whole pod.
  if (situation.format !== 'shell') return ok('file');
  const program = container.command?.[0];
  switch (mode) {
    case 'file':
      return ok('file');
    case 'shell':
      return program === undefined ? failed(needsCommand(container)) : ok('shell');
    case 'native': {
      const obstacle = nativeObstacle(situation);
      return obstacle === undefined ? ok('native') : failed(obstacle);
    }
    case 'auto': {
      const obstacle = nativeObstacle(situation);
      const shell = isShell(program);
      if (obstacle === undefined)
        return ok(shell && !situation.allows('native') && situation.allows('shell') ? 'shell' : 'native');
      if (shell) return ok('shell');
      return failed(undecided(container, obstacle, situation.envFile));
    }
  }
}

/** Why native mode is not possible, or undefined. */
function nativeObstacle({ native, envFrom }: Situation): Problem | undefined {
  const subject = annotationKey('env-mode');
  if (native?.can !== true) {
    return {
      code: 'ENV_MODE_NATIVE_UNAVAILABLE',
      subject,
      wrong: `native mode is unavailable: ${printable(native?.why ?? 'cluster support has not been checked yet', 300)}`,
      expected: 'set the annotation to shell or file',
    };
  }
  const [first] = envFrom;
  if (first === undefined) return undefined;
  return {
    code: 'ENV_MODE_NEEDS_NAMES',
    subject,
    wrong: `native mode needs the names of all variables, but ${printable(subjectOf.envFrom(first))} gets its names from the secret`,
    expected:
      'request the variables one by one, list their keys with include in the YAML form, or set the annotation to shell or file',
  };
}

function needsCommand(container: Container): Problem {
  return {
    code: 'ENV_MODE_NEEDS_COMMAND',
    subject: annotationKey('env-mode'),
    wrong: `container ${quote(container.name)} has no command, so shell mode is not possible`,
    expected: 'set the command of the container (the ENTRYPOINT of its image), or use env-mode file',
  };
}

function undecided(container: Container, obstacle: Problem, envFile: string): Problem {
  const program = container.command?.[0];
  const found =
    program === undefined
      ? `container ${quote(container.name)} has no command, so shell mode is not possible`
      : `container ${quote(container.name)} runs ${quote(program)}, which is not sh, bash, dash or ash, so auto does not select shell mode`;
  return {
    code: 'ENV_MODE_UNDECIDED',
    subject: annotationKey('env-mode'),
    wrong: `${found}, and ${obstacle.wrong}`,
    expected: `set the annotation to shell (needs /bin/sh in the image and a command in the pod) or to file (the application reads ${envFile})`,
  };
}
