/** The command line: finds the command, loads its code, and exits with its exit code. */
import { nearest } from '../core/problems/nearest.ts';
import { quote } from '../core/problems/quote.ts';
import { wrap } from '../runtime/settings/help.ts';
import { VERSION } from '../runtime/version.ts';
import { COMMANDS, type Run } from './command-table.ts';
import { COMPLETE } from './completion/scripts.ts';

const NAME_COLUMNS = 21;

const HELP = `aws-secrets-injector injects AWS Secrets Manager secrets into Kubernetes pods.

Usage: aws-secrets-injector <command> [flags]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => {
    const text = wrap(summary, ' '.repeat(NAME_COLUMNS)).trimStart();
    return `  ${name.padEnd(NAME_COLUMNS - 2)}${text}`;
  })
  .join('\n')}

  --help     print this text; "<command> --help" prints the help of a command
  --version  print the version (${VERSION})
`;

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version') return say(`${VERSION}\n`);
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return say(HELP);
  if (name === COMPLETE) return await (await import('./commands/completion.ts')).runComplete(COMMANDS, rest);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const match = nearest(name, Object.keys(COMMANDS));
    process.stderr.write(
      `unknown command ${quote(name)}${match === undefined ? '' : `; did you mean ${match}?`}\n\n${HELP}`,
    );
    return 2;
  }
  let run: Run;
  try {
    ({ run } = await command.load());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    process.stderr.write(`this installation does not contain the command ${name}\n`);
    return 1;
  }
  return run(rest);
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

// A reader that closes the pipe early, such as `head`, is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
    // A server or a connection that a command left open must not keep the process running.
    process.stdout.write('', () => process.exit(code));
  },
  () => {
    process.stderr.write(
      'aws-secrets-injector: internal error; report it with the command and the output of --version\n',
    );
    process.exitCode = 70;
  },
);
