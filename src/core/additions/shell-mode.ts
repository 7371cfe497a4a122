/** Shell mode: a POSIX shell before the container's command reads the env file and then runs the command by `exec`. */
import type { Container } from '../pod/pod.ts';

/** Base names of POSIX shells. The guard lists them as well. */
export const SHELLS = ['sh', 'bash', 'dash', 'ash'] as const;

// The path of the env file is `$0`, so that the script contains no text of the user.
const SCRIPT = 'set -a && . "$0" && set +a && exec "$@"';

/** Whether a program is a shell, by its base name. */
export function isShell(program: string | undefined): program is string {
  if (program === undefined) return false;
  const name = program.slice(program.lastIndexOf('/') + 1);
  return SHELLS.some((shell) => shell === name);
}

/**
 * The elements before a command that runs with the variables of an env file.
 * @param program of the command. If it is a shell, the same shell reads the file: `/busybox/sh` does not prove that the
 * image contains `/bin/sh`.
 */
export function shellPrefix(program: string | undefined, envFile: string): readonly string[] {
  return [isShell(program) ? program : '/bin/sh', '-c', SCRIPT, envFile];
}

/** The command behind the prefix, or undefined if the container has no prefix. */
export function prefixedCommand({ command = [] }: Container, envFile: string): readonly string[] | undefined {
  const [shell, ...others] = command;
  const [, ...expected] = shellPrefix(undefined, envFile);
  const isPrefixed = isShell(shell) && expected.every((element, index) => others[index] === element);
  return isPrefixed ? others.slice(expected.length) : undefined;
}
