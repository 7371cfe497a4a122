/** Shell mode: the container's command is prefixed with a POSIX shell that reads the env file and becomes the rest. */
import { annotationKey } from './annotations.ts';
import type { EnvMode } from './options.ts';
import type { Container } from './pod.ts';
import type { Problem } from './problems.ts';
import { quote } from './quote.ts';

// The path of the env file is `$0`, so no text of the user is ever part of the script.
const SCRIPT = 'set -a && . "$0" && set +a && exec "$@"';
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash']);

/** Elements that go before a command so that it runs with the variables of an env file. */
export function shellPrefix(envFile: string): readonly string[] {
  return ['/bin/sh', '-c', SCRIPT, envFile];
}

/** Whether a command already starts with our prefix. */
export function hasShellPrefix(container: Container, envFile: string): boolean {
  const command = container.command;
  return command !== undefined && shellPrefix(envFile).every((element, index) => command[index] === element);
}

/**
 * How variables reach one container.
 * @returns `shell` or `file`, or the problem that no way is open
 */
export function resolveEnvMode(
  mode: EnvMode,
  container: Container,
  envFile: string,
): 'shell' | 'file' | Problem {
  const program = container.command?.[0];
  switch (mode) {
    case 'file':
      return 'file';
    case 'shell':
      if (program !== undefined) return 'shell';
      return {
        code: 'ENV_MODE_NEEDS_COMMAND',
        subject: annotationKey('env-mode'),
        wrong: `container ${quote(container.name)} has no command, so its image's own start cannot be put behind a shell`,
        expected: 'write its command into the pod (the ENTRYPOINT of the image), or use env-mode file',
      };
    case 'auto':
      if (program !== undefined && (hasShellPrefix(container, envFile) || SHELLS.has(baseName(program))))
        return 'shell';
      return {
        code: 'ENV_MODE_UNDECIDED',
        subject: annotationKey('env-mode'),
        wrong:
          program === undefined
            ? `container ${quote(container.name)} has no command to put a shell before`
            : `container ${quote(container.name)} starts ${quote(program)}, which is no shell`,
        expected: `set it to shell (the image needs /bin/sh and the pod the command) or to file (the program reads ${envFile})`,
      };
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
