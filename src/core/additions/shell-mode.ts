/** Shell mode: the container's command is prefixed with a POSIX shell that reads the env file and becomes the rest. */
import type { Container } from '../pod/pod.ts';

// The path of the env file is `$0`, so no text of the user is ever part of the script.
const SCRIPT = 'set -a && . "$0" && set +a && exec "$@"';

/** Elements that go before a command so that it runs with the variables of an env file. */
export function shellPrefix(envFile: string): readonly string[] {
  return ['/bin/sh', '-c', SCRIPT, envFile];
}

/** Whether a command already starts with our prefix. */
export function hasShellPrefix(container: Container, envFile: string): boolean {
  const command = container.command;
  return command !== undefined && shellPrefix(envFile).every((element, index) => command[index] === element);
}
