/** Any value, through the env file and a real shell, reaches the program behind it byte for byte. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { shellAssignment } from '../../src/core/formats/shell-file.ts';
import { isShellOwned, survivesShell } from '../../src/core/names/env-names.ts';
import { renderViews } from '../../src/core/render/render.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { arnOf, planOf } from '../fetcher/plans.ts';
import { anyValue, longValue } from './hostile-values.ts';
import { findShell, SHELLS, type Shell, startBehind } from './shells.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-env-'));
const envFile = path.join(folder, 'env');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Together they stay well below what the system takes as the variables of one process.
const batch = fc
  .tuple(fc.array(anyValue, { maxLength: 120 }), fc.array(longValue, { maxLength: 3 }))
  .map((lists) => lists.flat());

// A secret has at most 64 KiB, and a quote is what takes most room in the file.
const LARGEST = ['', 'x'.repeat(65_536), "'".repeat(65_536), '\n'.repeat(65_536)];

/** The env file that the product makes of values, from one JSON secret. */
function envFileOf(values: readonly string[]): Uint8Array {
  const env = values.map((_, index) => ({ name: `V${index}`, secret: 0, key: `k${index}` }));
  const secret = JSON.stringify(Object.fromEntries(values.map((value, index) => [`k${index}`, value])));
  const rendered = renderViews(planOf([arnOf('db')], { env }), [new SecretValue(secret)]);
  if (!rendered.ok) throw new Error(rendered.problem.map((problem) => problem.wrong).join());
  return rendered.value[0]?.files[0]?.content.revealBytes() ?? new Uint8Array();
}

/** Variables that shells have, make or look at. */
const KNOWN_NAMES = `
  _ ARGV0 ATTY auto_resume BASH CDPATH CHILD_MAX COLUMNS COMP_CWORD COMP_WORDBREAKS COMPREPLY COPROC
  DIRSTACK EDITOR EMACS EUID EXECIGNORE FCEDIT FIGNORE FUNCNAME FUNCNEST GLOBIGNORE GROUPS histchars
  HISTCMD HISTCONTROL HISTFILE HISTFILESIZE HISTIGNORE HISTSIZE HISTTIMEFORMAT HOME HOSTFILE HOSTNAME
  HOSTTYPE IFS IGNOREEOF INPUTRC INSIDE_EMACS LANG LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_NUMERIC
  LINENO LINES LOGNAME MACHTYPE MAIL MAILCHECK MAILPATH MAPFILE NLSPATH OLDPWD OPTARG OPTERR OPTIND
  OSTYPE PIPESTATUS POSIXLY_CORRECT PPID PROMPT_COMMAND PROMPT_DIRTRIM PS0 PS1 PS2 PS3 PS4 PWD RANDOM
  READLINE_LINE REPLY SECONDS SHELL SHELLOPTS SHLVL TERM TIMEFORMAT TMOUT TMPDIR TZ UID USER
`
  .trim()
  .split(/\s+/);

/** The same, and names that no shell can assign. */
const INHERITED_NAMES = [
  ...KNOWN_NAMES,
  ...[
    'BASHOPTS',
    'BASHPID',
    'BASH_ARGV0',
    'BASH_COMMAND',
    'BASH_COMPAT',
    'BASH_EXECUTION_STRING',
    'BASH_SUBSHELL',
    'BASH_VERSINFO',
  ],
  ...['BASH_VERSION', 'BASH_XTRACEFD', 'EPOCHREALTIME', 'EPOCHSECONDS', 'SRANDOM', 'cluster.name', 'my-flag'],
  ...['1ABC', 'A B', 'é', '%x', 'BASH_FUNC_f%%'],
];

for (const shell of SHELLS) {
  describe.skipIf(!(await findShell(shell)))(shell.name, () => {
    it.each(['C', 'C.UTF-8'])('carries any value, with the locale %s', (locale) => {
      const carries = (values: readonly string[]) => {
        writeFileSync(envFile, envFileOf(values));
        const { status, stderr, variables } = startBehind(shell, envFile, {
          PATH: process.env['PATH'],
          LC_ALL: locale,
        });
        expect([status, stderr]).toEqual([0, '']);
        values.forEach((value, index) => {
          // Compared first: a difference of 64 KiB takes long to print.
          const bytes = Buffer.from(value).toString('latin1');
          if (variables.get(`V${index}`) !== bytes) expect(variables.get(`V${index}`)).toBe(bytes);
        });
        expect([...variables.keys()].filter((name) => /^V\d/.test(name))).toHaveLength(values.length);
      };
      fc.assert(fc.property(batch, carries), { numRuns: 40, examples: [[LARGEST]] });
    });

    it('exports the variables as docs/reference/formats.md sources them', () => {
      writeFileSync(envFile, shellAssignment('DB_PASSWORD', `it's "7"`));
      const page = readFileSync('docs/reference/formats.md', 'utf8');
      const [, documented = ''] = /```sh\n(.*?)```/s.exec(page) ?? [];
      const script = documented
        .replace('/run/secrets/aws/env', envFile)
        .replace('my-program', `${process.execPath} -p process.env.DB_PASSWORD`);
      const [program = '', ...options] = shell.command;
      const { stdout, stderr } = spawnSync(program, [...options, '-c', script], { encoding: 'utf8' });
      expect([stdout, stderr]).toEqual([`it's "7"\n`, '']);
    });

    it('carries every variable that it knows itself, or the product refuses the name', () => {
      const altered = KNOWN_NAMES.filter((name) => !isShellOwned(name)).filter((name) => {
        const value = `it's 7`;
        writeFileSync(envFile, shellAssignment(name, value));
        const { status, variables } = startBehind(shell, envFile, { PATH: process.env['PATH'] });
        return status !== 0 || variables.get(name) !== value;
      });
      expect(altered).toEqual([]);
    });

    it('passes on every variable that the product lets a container in shell mode have', () => {
      writeFileSync(envFile, shellAssignment('OTHER', 'x'));
      const altered = INHERITED_NAMES.filter(survivesShell).filter((name) => {
        const value = `it's 7`;
        const { status, variables } = startBehind(shell, envFile, {
          PATH: process.env['PATH'],
          [name]: value,
        });
        return status !== 0 || variables.get(name) !== value;
      });
      expect(altered).toEqual([]);
    });
  });
}

it('names each variable that a shell replaces, and no other', async () => {
  const shells: Shell[] = [];
  for (const shell of SHELLS) if (await findShell(shell)) shells.push(shell);
  // Without all shells, nothing can be said about the names that only one of them replaces.
  if (shells.length < SHELLS.length) return;
  writeFileSync(envFile, shellAssignment('OTHER', 'x'));
  const survivors = INHERITED_NAMES.filter((name) =>
    shells.every((shell) => {
      const env = { PATH: process.env['PATH'], [name]: `it's 7` };
      return startBehind(shell, envFile, env).variables.get(name) === `it's 7`;
    }),
  );
  // Only a bash that is started as `sh` replaces it.
  const expected = INHERITED_NAMES.filter((name) => survivesShell(name) || name === 'POSIXLY_CORRECT');
  expect(survivors).toEqual(expected);
});
