/** A program or library that reads files of a dialect, outside this project's control. */
import { spawnSync } from 'node:child_process';
import type { Dialect } from '../../src/core/formats/index.ts';

/** `native` is kubelet's way to read the shell dialect. */
export type Way = Dialect | 'native';

export interface EnvFile {
  readonly path: string;
  /** Names of the variables in it. */
  readonly names: readonly string[];
}

export interface Reader {
  readonly name: string;
  readonly reads: Way;
  /** Brings what it needs, where that is possible. @returns why it cannot run here, else undefined */
  readonly prepare: () => Promise<string | undefined>;
  /**
   * @returns for each file what a program that reads it has then, or null where the reader refused the file
   */
  readonly read: (files: readonly EnvFile[]) => Promise<readonly unknown[]>;
}

/** Variables that a process has whatever the file says. */
const AMBIENT = new Set(
  'PATH PWD OLDPWD SHLVL _ LANG LC_ALL HOME USER LOGNAME SHELL INVOCATION_ID SYSTEMD_EXEC_PID'.split(' '),
);

/** The variables of a process, less those that it has anyway. */
export function fromFile(variables: Iterable<readonly [string, string]>): Readonly<Record<string, string>> {
  return Object.fromEntries([...variables].filter(([name]) => !AMBIENT.has(name)));
}

/**
 * Runs a program that takes JSON and answers with JSON.
 * @throws Error with what it said if it ended badly
 */
export function ask(
  program: string,
  args: readonly string[],
  input: unknown,
  env: Readonly<Record<string, string>> = {},
): readonly unknown[] {
  const { status, stdout, stderr } = spawnSync(program, args, {
    input: JSON.stringify(input),
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as readonly unknown[];
}

export function pathsOf(files: readonly EnvFile[]): readonly string[] {
  return files.map((file) => file.path);
}
