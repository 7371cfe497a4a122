/** The shells that images bring, and a program started behind each as a container in shell mode is. */
import { type StdioOptions, spawnSync } from 'node:child_process';
import { shellPrefix } from '../../src/core/additions/shell-mode.ts';
import { installDebianPackage } from '../setup/debian-package.ts';

export interface Shell {
  readonly name: string;
  /** Its program and the options before `-c`. */
  readonly command: readonly string[];
  readonly debianPackage: string;
}

export const SHELLS: readonly Shell[] = [
  { name: 'dash', command: ['dash'], debianPackage: 'dash' },
  { name: 'bash', command: ['bash'], debianPackage: 'bash' },
  { name: 'bash --posix', command: ['bash', '--posix'], debianPackage: 'bash' },
  { name: 'busybox sh', command: ['busybox', 'sh'], debianPackage: 'busybox-static' },
];

/** Whether a shell is here, or could be installed. Says so if not. */
export async function findShell(shell: Shell): Promise<boolean> {
  if (runs(shell) || ((await installDebianPackage(shell.debianPackage)) && runs(shell))) return true;
  console.log(`skipped: ${shell.name} is not installed, and could not be`);
  return false;
}

function runs({ command: [program = '', ...options] }: Shell): boolean {
  return spawnSync(program, [...options, '-c', ':']).status === 0;
}

export interface Behind {
  readonly status: number | null;
  readonly stderr: string;
  /** The variables of the program behind the shell. Each byte is one character, since not all need be UTF-8. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Reads an env file with the product's own script, and starts a program that tells its variables. */
export function startBehind(shell: Shell, envFile: string, env: NodeJS.ProcessEnv): Behind {
  const [, ...script] = shellPrefix(undefined, envFile);
  const [program = '', ...options] = shell.command;
  // By its path, so that no shell takes a program of its own for it, whose variables would be the shell's.
  const args = [...options, ...script, '/bin/cat', '/proc/self/environ'];
  // Without standard input, as in a container: bash takes a socket there for a remote login and reads ~/.bashrc.
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe'];
  const found = spawnSync(program, args, { env, encoding: 'latin1', maxBuffer: 1 << 26, stdio });
  const entries = found.stdout.split('\0').filter((entry) => entry !== '');
  const variables = entries.map((entry) => {
    const [name = ''] = entry.split('=', 1);
    return [name, entry.slice(name.length + 1)] as const;
  });
  return { status: found.status, stderr: found.stderr, variables: new Map(variables) };
}
