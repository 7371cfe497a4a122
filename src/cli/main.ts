/** The command line: finds the command, loads what it needs, and ends with its exit code. */
import path from 'node:path';
import { nearest } from '../core/problems/nearest.ts';
import { quote } from '../core/problems/quote.ts';
import { VERSION } from '../runtime/version.ts';

type Run = (argv: readonly string[]) => Promise<number>;

interface Command {
  readonly summary: string;
  readonly load: () => Promise<Run>;
}

/** A command in a bundle of its own beside this one; not every image holds every bundle. */
function bundled(file: string, pick: (exports: Record<string, unknown>) => Run): () => Promise<Run> {
  return async () => pick(require(path.join(__dirname, file)) as Record<string, unknown>);
}

type WithEnvironment = (
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  directory: string,
) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  webhook: {
    summary: 'serve admission reviews over HTTPS (runs in the cluster)',
    load: bundled(
      'webhook.cjs',
      (exports) => (argv) => (exports['runWebhook'] as WithEnvironment)(argv, process.env, __dirname),
    ),
  },
  fetch: {
    summary: 'fetch the secrets of a plan and write them (runs in the init container)',
    load: bundled(
      'fetch.cjs',
      (exports) => (argv) => (exports['runFetch'] as WithEnvironment)(argv, process.env, __dirname),
    ),
  },
  render: {
    summary: 'show manifests as the webhook would change them',
    load: async () => (await import('./commands/render.ts')).runRender,
  },
  certs: {
    summary: 'make a CA and a certificate for the webhook',
    load: async () => (await import('./commands/certs.ts')).runCerts,
  },
  demo: {
    summary: 'show the main job with an embedded AWS stand-in (from a checkout)',
    load: bundled('demo.cjs', (exports) => exports['runDemo'] as Run),
  },
};

const HELP = `aws-secrets-injector brings AWS Secrets Manager secrets into Kubernetes pods.

Usage: aws-secrets-injector <command> [options]

${Object.entries(COMMANDS)
  .map(([name, command]) => `  ${name.padEnd(9)} ${command.summary}`)
  .join('\n')}

  --help     this text; "<command> --help" for a command's own
  --version  ${VERSION}
`;

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version') return say(`${VERSION}\n`);
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return say(HELP);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const match = nearest(name, Object.keys(COMMANDS));
    process.stderr.write(
      `there is no command ${quote(name)}${match === undefined ? '' : `; did you mean ${match}?`}\n\n${HELP}`,
    );
    return 2;
  }
  let run: Run;
  try {
    run = await command.load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    process.stderr.write(`the command ${name} is not part of this image\n`);
    return 1;
  }
  return run(rest);
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
    // A server or a connection that a command left open must not keep the process.
    process.stdout.write('', () => process.exit(code));
  },
  () => {
    process.stderr.write(
      'aws-secrets-injector failed by its own fault; report it with the command and the version\n',
    );
    process.exitCode = 70;
  },
);
