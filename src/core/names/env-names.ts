/** Names of environment variables: which ones are valid, and which ones shells reserve or replace. */

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a POSIX shell can assign the variable. (Kubernetes allows more names, but no shell could read the file.) */
export function isEnvName(name: string): boolean {
  return name.length <= 128 && NAME.test(name);
}

/**
 * Variables that shells reserve: dash, bash or busybox sh reject the assignment or change the value, so a file for a
 * shell cannot contain them.
 */
const SHELL_OWNED: ReadonlySet<string> = new Set([
  '_',
  'BASHOPTS',
  'BASHPID',
  'COMP_WORDBREAKS',
  'DIRSTACK',
  'EPOCHREALTIME',
  'EPOCHSECONDS',
  'EUID',
  'FUNCNAME',
  'GROUPS',
  'HISTCMD',
  'IFS',
  'LINENO',
  'OPTIND',
  'PIPESTATUS',
  'PPID',
  'RANDOM',
  'SECONDS',
  'SHELLOPTS',
  'SHLVL',
  'SRANDOM',
  'UID',
]);

/** Whether a shell would reject or change the variable. */
export function isShellOwned(name: string): boolean {
  return SHELL_OWNED.has(name) || name.startsWith('BASH_');
}

/**
 * Variables that dash, bash or busybox sh drop or change when they inherit them, although a file for a shell can set most of
 * them. Measured with the shells that the tests use.
 */
const SHELL_REPLACED: ReadonlySet<string> = new Set([
  '_',
  'BASH',
  'BASHOPTS',
  'BASHPID',
  'BASH_ARGV0',
  'BASH_COMMAND',
  'BASH_EXECUTION_STRING',
  'BASH_SUBSHELL',
  'BASH_VERSINFO',
  'BASH_VERSION',
  'COMP_WORDBREAKS',
  'EPOCHREALTIME',
  'EPOCHSECONDS',
  'HISTCMD',
  'IFS',
  'LINENO',
  'OLDPWD',
  'OPTERR',
  'OPTIND',
  'POSIXLY_CORRECT',
  'PPID',
  'PS1',
  'PS2',
  'PS4',
  'PWD',
  'RANDOM',
  'SHELLOPTS',
  'SHLVL',
  'SRANDOM',
]);

/** Whether a shell passes an inherited variable on unchanged. dash and busybox sh drop names that a shell cannot assign. */
export function survivesShell(name: string): boolean {
  return NAME.test(name) && !SHELL_REPLACED.has(name);
}

/** The variable name for a key. Only ASCII letters change case: the rules for other letters depend on the language. */
export function nameFrom(
  key: string,
  {
    prefix = '',
    case: letters,
  }: { readonly prefix?: string | undefined; readonly case?: 'upper' | 'lower' | undefined },
): string {
  switch (letters) {
    case undefined:
      return prefix + key;
    case 'upper':
      return prefix + key.replace(/[a-z]+/g, (text) => text.toUpperCase());
    case 'lower':
      return prefix + key.replace(/[A-Z]+/g, (text) => text.toLowerCase());
  }
}
