/** The `check-installation` command: helm test runs it in a pod, and its output says what failed. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ClusterApi, makeClusterApi, placeOf } from '../../kubernetes/api-client.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { DNS_NAME, duration } from '../../runtime/settings/kinds.ts';
import { optional, REQUIRED, readSettings, setting } from '../../runtime/settings/settings.ts';
import { type Judgement, judgeGuard, judgeInjection } from '../cluster/installation.ts';

const SETTINGS = {
  namespace: setting(DNS_NAME, REQUIRED, 'A namespace with the opt-in label, in which pods are injected.'),
  'guard-namespace': optional(
    DNS_NAME,
    'A namespace without the opt-in label, in which the guard rejects pods. Without it, the guard is not checked.',
  ),
  wait: setting(
    duration(0, 3600, 'from 0s to 1h'),
    15,
    'How long to wait for replicas that start and for policies that the API server has not read yet.',
  ),
};

const PAUSE_MILLISECONDS = 1000;
const LIMITS = { connectMilliseconds: 5_000, requestMilliseconds: 15_000 };

export const CHECK_INSTALLATION_HELP: CommandHelp = {
  usage: 'check-installation [flags]',
  about: `Creates pods that request a secret with a dry run, which stores nothing, and reports how the API
server, the webhook and the guard handle them. Runs in a pod whose service account can create pods in both
namespaces.`,
  settings: SETTINGS,
  variables: false,
};

/** Runs the command with the service account of the pod. @returns the exit code */
export async function runCheckInstallation(argv: readonly string[]): Promise<number> {
  const settings = readSettings(SETTINGS, argv, {});
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(CHECK_INSTALLATION_HELP));
    return 0;
  }
  if (settings.kind === 'problems') {
    process.stderr.write(settings.problems.map((problem) => `check-installation: ${problem}\n`).join(''));
    return 2;
  }
  const { namespace, wait, 'guard-namespace': guardNamespace } = settings.values;
  return await checkInstallation(makeClusterApi(placeOf(process.env), LIMITS), {
    namespace,
    guardNamespace,
    deadline: Date.now() + wait * 1000,
  });
}

export interface InstallationCheck {
  readonly namespace: string;
  readonly guardNamespace: string | undefined;
  /** Until when a failure that can disappear is tried again, in milliseconds. */
  readonly deadline: number;
}

/** Checks and prints one line for each check. @returns the exit code */
export async function checkInstallation(
  api: ClusterApi,
  { namespace, guardNamespace, deadline }: InstallationCheck,
): Promise<number> {
  const { signal } = new AbortController();
  const checks = [
    { name: 'injection', judge: () => judgeInjection(api, namespace, signal) },
    ...(guardNamespace === undefined
      ? []
      : [{ name: 'guard', judge: () => judgeGuard(api, guardNamespace, signal) }]),
  ];
  let failures = 0;
  for (const { name, judge } of checks) {
    const judgement = await untilPassed(judge, deadline);
    if (judgement.kind === 'failed') failures += 1;
    process.stdout.write(
      judgement.kind === 'passed'
        ? `ok    ${name}: ${judgement.what}\n`
        : `FAIL  ${name}: ${[judgement.why, judgement.next ?? []].flat().join('\n')}\n`,
    );
  }
  return failures === 0 ? 0 : 1;
}

async function untilPassed(judge: () => Promise<Judgement>, deadline: number): Promise<Judgement> {
  for (;;) {
    const judgement = await judge();
    if (judgement.kind === 'passed' || !judgement.again || Date.now() >= deadline) return judgement;
    await delay(PAUSE_MILLISECONDS);
  }
}
