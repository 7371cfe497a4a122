/** The `completion` command: prints the function with which a shell completes command lines. */
import { type CompletableCommands, complete, formatCompletion } from '../completion/candidates.ts';
import { SCRIPTS, SHELLS } from '../completion/scripts.ts';

const USAGE = `Usage: aws-secrets-injector completion ${SHELLS.join('|')}

Prints a script that completes commands, flags and their values. Load it in the
profile of your shell:

  source <(aws-secrets-injector completion bash)
  source <(aws-secrets-injector completion zsh)
  aws-secrets-injector completion fish | source
`;

/** Runs the command. @returns the exit code */
export async function runCompletion(argv: readonly string[]): Promise<number> {
  const [name = ''] = argv;
  const shell = SHELLS.find((one) => one === name);
  const isHelp = name === '--help' || name === '-h';
  if (shell === undefined || argv.length > 1) {
    (isHelp ? process.stdout : process.stderr).write(USAGE);
    return isHelp ? 0 : 2;
  }
  process.stdout.write(SCRIPTS[shell]);
  return 0;
}

/** Prints what can follow, for the scripts and for kubectl. */
export async function runComplete(commands: CompletableCommands, words: readonly string[]): Promise<number> {
  process.stdout.write(formatCompletion(await complete(commands, words)));
  return 0;
}
