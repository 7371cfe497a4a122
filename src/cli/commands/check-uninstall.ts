/** The `check-uninstall` command: helm uninstall runs it in a pod, before it deletes anything. */
import { makeClusterApi, placeOf } from '../../kubernetes/api-client.ts';
import { renderSettingsHelp } from '../../runtime/settings/help.ts';
import { SWITCH } from '../../runtime/settings/kinds.ts';
import { readSettings, setting } from '../../runtime/settings/settings.ts';
import { findRequestingWorkloads } from '../cluster/requesting-workloads.ts';

const SETTINGS = {
  warn: setting(SWITCH, false, 'Exit with 0 although workloads request secrets.'),
};

const LIMITS = { connectMilliseconds: 5_000, requestMilliseconds: 30_000 };
/** The log of a pod should stay readable. */
const MOST_LINES = 100;

/** Runs the command with the service account of the pod. @returns the exit code: 1 if workloads request secrets */
export async function runCheckUninstall(argv: readonly string[]): Promise<number> {
  const settings = readSettings(SETTINGS, argv, {});
  if (settings.kind === 'help') {
    process.stdout.write(
      `Usage: aws-secrets-injector check-uninstall [flags]

Lists the workloads of the cluster that request secrets: after an uninstallation, their new pods would start
without secrets. Runs in a pod whose service account can list workloads and pods.

${renderSettingsHelp(SETTINGS, { variables: false })}\n`,
    );
    return 0;
  }
  if (settings.kind === 'problems') {
    process.stderr.write(settings.problems.map((problem) => `check-uninstall: ${problem}\n`).join(''));
    return 2;
  }
  const { signal } = new AbortController();
  const found = await findRequestingWorkloads(makeClusterApi(placeOf(process.env), LIMITS), signal);
  if (!found.ok) {
    process.stdout.write(`check-uninstall: ${found.problem}\n${SKIP}`);
    return 1;
  }
  if (found.value.length === 0) {
    process.stdout.write('no workload requests secrets\n');
    return 0;
  }
  process.stdout.write(describe(found.value, settings.values.warn));
  return settings.values.warn ? 0 : 1;
}

const SKIP = 'To uninstall without this check, run helm uninstall with --no-hooks.\n';

function describe(workloads: readonly string[], isWarning: boolean): string {
  const [number, verb] =
    workloads.length === 1 ? ['1 workload', 'requests'] : [`${workloads.length} workloads`, 'request'];
  const more = workloads.length - MOST_LINES;
  return [
    `${number} ${verb} secrets:`,
    ...workloads.slice(0, MOST_LINES).map((workload) => `  ${workload}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    'After the uninstallation, new pods of these workloads start without their secrets: nothing injects them, and',
    'no policy rejects them. Running pods keep their secrets.',
    ...(isWarning
      ? []
      : ['Scale the workloads down, or remove their annotations secrets-injector.dev/…, and try again.']),
    isWarning ? '' : SKIP,
  ].join('\n');
}
