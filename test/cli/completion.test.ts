/** Completion in the shells themselves. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installDebianPackage } from '../setup/debian-package.ts';
import { bundleCli, runCli } from './program.ts';

const isHere = (program: string): boolean => spawnSync(program, ['-c', ':']).status === 0;

async function canRun(shell: string): Promise<boolean> {
  if (isHere(shell) || ((await installDebianPackage(shell)) && isHere(shell))) return true;
  process.stderr.write(`completion in ${shell} is skipped: it is not installed, and could not be\n`);
  return false;
}
const [hasZsh, hasFish] = [await canRun('zsh'), await canRun('fish')];

let cli: string;
let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-completion-'));
  // Only completion runs the program: other commands are printed.
  const script = `#!/bin/sh
case $1 in __complete|completion) exec '${process.execPath}' '${cli}' "$@" ;; esac
echo "RAN: $*"
`;
  writeFileSync(path.join(folder, 'aws-secrets-injector'), script, { mode: 0o755 });
  writeFileSync(path.join(folder, 'manifest.yaml'), '');
  env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, HOME: folder };
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

const run = (program: string, args: readonly string[], input = ''): string =>
  execFileSync(program, args, { cwd: folder, env, input, encoding: 'utf8', stdio: 'pipe' });

it.each([
  ['ren', ['render']],
  ['render --env-mode n', ['native']],
  ['render --env-mode=s', ['shell']],
  ['render --env-mo', ['--env-mode']],
  ['certs --ou', ['--out']],
])('bash completes "%s"', (line, expected) => {
  const script = `source <(aws-secrets-injector completion bash)
COMP_LINE="aws-secrets-injector $1"; COMP_POINT=\${#COMP_LINE}
_aws_secrets_injector; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(run('bash', ['-c', script, 'bash', line]).trim().split('\n')).toEqual(expected);
});

describe.skipIf(!hasFish)('fish', () => {
  it.each([
    ['ren', ['render\tprint manifests with the injection applied']],
    ['render --env-mode n', ['native']],
    ['render -f man', ['manifest.yaml']],
  ])('completes "%s"', (line, expected) => {
    const script =
      'aws-secrets-injector completion fish | source; complete -C "aws-secrets-injector $argv[1]"';
    expect(run('fish', ['--no-config', '-c', script, line]).trim().split('\n')).toEqual(expected);
  });
});

describe.skipIf(!hasZsh)('zsh', () => {
  it('completes commands, values and files at a terminal', () => {
    const typed = [
      'autoload -Uz compinit; compinit -u -D',
      'source <(aws-secrets-injector completion zsh)',
      'aws-secrets-injector ren\t',
      'aws-secrets-injector render --env-mo\tnat\t',
      'aws-secrets-injector render --file=man\t',
      'aws-secrets-injector render -f man\t',
      'exit',
      '',
    ];
    const output = run('script', ['-qec', 'zsh -f -i', '/dev/null'], typed.join('\n'));
    expect([...output.matchAll(/^RAN: (.*?)\r?$/gm)].map(([, args]) => args)).toEqual([
      'render',
      'render --env-mode native',
      'render --file=manifest.yaml',
      'render -f manifest.yaml',
    ]);
  });
});

it('completion of an unknown shell is an error that names the known ones', async () => {
  expect(await runCli(cli, ['completion', 'tcsh'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('bash|zsh|fish'),
  });
});
