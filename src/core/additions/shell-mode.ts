/** Shell mode: a POSIX shell before the container's command reads the env file and then runs the command by `exec`. */
import type { Container } from '../pod/pod.ts';

// The path of the env file is `$0`, so that the script contains no text of the user.
const SCRIPT = 'set -a && . "$0" && set +a && exec "$@"';

/** The elements before a command that runs with the variables of an env file. */
export function shellPrefix(envFile: string): readonly string[] {
  return ['/bin/sh', '-c', SCRIPT, envFile];
}

/** Whether a command already starts with the prefix. */
export function hasShellPrefix(container: Container, envFile: string): boolean {
  const command = container.command;
  return command !== undefined && shellPrefix(envFile).every((element, index) => command[index] === element);
}
