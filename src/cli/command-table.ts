/** All commands. The code of a command is loaded when it runs. */
import path from 'node:path';
import type { CommandHelp } from '../runtime/settings/help.ts';

export type Run = (argv: readonly string[]) => Promise<number>;

export interface Command {
  readonly summary: string;
  readonly load: () => Promise<{ readonly run: Run; readonly help?: CommandHelp }>;
  /** Whether it is a program with a bundle of its own. Not every installation contains every bundle. */
  readonly isProgram?: true;
}

type WithEnvironment = (argv: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

/** A command with its own bundle in the same directory. */
function program(name: string, summary: string): Command {
  const load = async () => {
    const exports = require(path.join(__dirname, `${name}.cjs`)) as Record<string, WithEnvironment>;
    const run = exports[`run${name[0]?.toUpperCase()}${name.slice(1)}`] as WithEnvironment;
    return { run: (argv: readonly string[]) => run(argv, process.env) };
  };
  return { summary, load, isProgram: true };
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  render: {
    summary: 'print manifests with the injection applied',
    load: async () => {
      const { runRender: run, RENDER_HELP: help } = await import('./commands/render.ts');
      return { run, help };
    },
  },
  describe: {
    summary: 'print what the pods of manifests or of a cluster get, and their calls to AWS',
    load: async () => {
      const { runDescribe: run, DESCRIBE_HELP: help } = await import('./commands/describe.ts');
      return { run, help };
    },
  },
  doctor: {
    summary: 'check an installation: cluster, certificates, guard, identity, network, quotas',
    load: async () => {
      const { runDoctor: run, DOCTOR_HELP: help } = await import('./commands/doctor.ts');
      return { run, help };
    },
  },
  lint: {
    summary: 'find mistakes in manifests, for CI and editors',
    load: async () => {
      const { runLint: run, LINT_HELP: help } = await import('./commands/lint.ts');
      return { run, help };
    },
  },
  'iam-policy': {
    summary: 'print the IAM policies that the pods of manifests need',
    load: async () => {
      const { runIamPolicy: run, IAM_POLICY_HELP: help } = await import('./commands/iam-policy.ts');
      return { run, help };
    },
  },
  migrate: {
    summary: 'replace the objects of External Secrets and other tools by annotations',
    load: async () => {
      const { runMigrate: run, MIGRATE_HELP: help } = await import('./commands/migrate.ts');
      return { run, help };
    },
  },
  audit: {
    summary: 'compare what pods request with IAM policies and with the secrets that exist',
    load: async () => {
      const { runAudit: run, AUDIT_HELP: help } = await import('./commands/audit.ts');
      return { run, help };
    },
  },
  certs: {
    summary: 'create a CA and a certificate for the webhook',
    load: async () => {
      const { runCerts: run, CERTS_HELP: help } = await import('./commands/certs.ts');
      return { run, help };
    },
  },
  'check-installation': {
    summary: 'check that pods are injected (helm test)',
    load: async () => {
      const loaded = await import('./commands/check-installation.ts');
      return { run: loaded.runCheckInstallation, help: loaded.CHECK_INSTALLATION_HELP };
    },
  },
  'check-uninstall': {
    summary: 'list the workloads of the cluster that request secrets (helm uninstall)',
    load: async () => {
      const loaded = await import('./commands/check-uninstall.ts');
      return { run: loaded.runCheckUninstall, help: loaded.CHECK_UNINSTALL_HELP };
    },
  },
  completion: {
    summary: 'print the script with which bash, zsh or fish completes command lines',
    load: async () => ({ run: (await import('./commands/completion.ts')).runCompletion }),
  },
  demo: program('demo', 'run an injection end to end with an embedded AWS fake (from a checkout)'),
  webhook: program('webhook', 'serve admission reviews over HTTPS (runs in the cluster)'),
  fetch: program('fetch', 'fetch the secrets of a plan and write the files (runs in the init container)'),
  rollout: program(
    'rollout',
    'restart workloads when their secrets change (runs in the cluster); list versions: rollout status',
  ),
};
