/** The command line: finds the command, loads its code, and exits with its exit code. */
import path from 'node:path';
import { nearest } from '../core/problems/nearest.ts';
import { quote } from '../core/problems/quote.ts';
import { VERSION } from '../runtime/version.ts';

type Run = (argv: readonly string[]) => Promise<number>;

interface Command {
  readonly summary: string;
  readonly load: () => Promise<Run>;
}

/** A command with its own bundle in the same directory. Not every image contains every bundle. */
function bundled(file: string, pick: (exports: Record<string, unknown>) => Run): () => Promise<Run> {
  return async () => pick(require(path.join(__dirname, file)) as Record<string, unknown>);
}

type WithEnvironment = (argv: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  webhook: {
    summary: 'serve admission reviews over HTTPS (runs in the cluster)',
    load: bundled(
      'webhook.cjs',
      (exports) => (argv) => (exports['runWebhook'] as WithEnvironment)(argv, process.env),
    ),
  },
  fetch: {
    summary: 'fetch the secrets of a plan and write the files (runs in the init container)',
    load: bundled(
      'fetch.cjs',
      (exports) => (argv) => (exports['runFetch'] as WithEnvironment)(argv, process.env),
    ),
  },
  rollout: {
    summary:
      'restart workloads when their secrets change (runs in the cluster); list versions: rollout status',
    load: bundled(
      'rollout.cjs',
      (exports) => (argv) => (exports['runRollout'] as WithEnvironment)(argv, process.env),
    ),
  },
  render: {
    summary: 'print manifests with the injection applied',
    load: async () => (await import('./commands/render.ts')).runRender,
  },
  describe: {
    summary: 'print what the pods of manifests or of a cluster get, and their calls to AWS',
    load: async () => (await import('./commands/describe.ts')).runDescribe,
  },
  'iam-policy': {
    summary: 'print the IAM policies that the pods of manifests need',
    load: async () => (await import('./commands/iam-policy.ts')).runIamPolicy,
  },
  certs: {
    summary: 'create a CA and a certificate for the webhook',
    load: async () => (await import('./commands/certs.ts')).runCerts,
  },
  'check-installation': {
    summary: 'check that pods are injected (helm test)',
    load: async () => (await import('./commands/check-installation.ts')).runCheckInstallation,
  },
  'check-uninstall': {
    summary: 'list the workloads of the cluster that request secrets (helm uninstall)',
    load: async () => (await import('./commands/check-uninstall.ts')).runCheckUninstall,
  },
  demo: {
    summary: 'run an injection end to end with an embedded AWS fake (from a checkout)',
    load: bundled('demo.cjs', (exports) => exports['runDemo'] as Run),
  },
};

const HELP = `aws-secrets-injector injects AWS Secrets Manager secrets into Kubernetes pods.

Usage: aws-secrets-injector <command> [flags]

${Object.entries(COMMANDS)
  .map(([name, command]) => `  ${name.padEnd(18)} ${command.summary}`)
  .join('\n')}

  --help     print this text; "<command> --help" prints the help of a command
  --version  print the version (${VERSION})
`;

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version') return say(`${VERSION}\n`);
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return say(HELP);
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
    run = await command.load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    process.stderr.write(`this image does not contain the command ${name}\n`);
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
