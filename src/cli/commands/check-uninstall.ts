/** The `check-uninstall` command: helm uninstall runs it in a pod, before it deletes anything. */
import { type ClusterApi, makeClusterApi, placeOf } from '../../kubernetes/api-client.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { DNS_NAME, integer, SWITCH } from '../../runtime/settings/kinds.ts';
import { readSettings, setting } from '../../runtime/settings/settings.ts';
import { findRequestingWorkloads } from '../cluster/requesting-workloads.ts';

const SETTINGS = {
  release: setting(DNS_NAME, 'RELEASE', 'Name of the release, for the commands in the output.'),
  namespace: setting(DNS_NAME, 'NAMESPACE', 'Namespace of the release, likewise.'),
  revision: setting(integer(1, 999_999_999), 1, 'Revision of the release, likewise.'),
  warn: setting(SWITCH, false, 'Exit with 0 although workloads request secrets.'),
};

const LIMITS = { connectMilliseconds: 5_000, requestMilliseconds: 30_000 };
/** The log of a pod should stay readable. */
const MOST_LINES = 100;

export const CHECK_UNINSTALL_HELP: CommandHelp = {
  usage: 'check-uninstall [flags]',
  about: `Lists the workloads of the cluster that request secrets: after an uninstallation, their new pods
would start without secrets. Runs in a pod whose service account can list workloads and pods.`,
  settings: SETTINGS,
  variables: false,
};

/** Runs the command with the service account of the pod. @returns the exit code: 1 if workloads request secrets */
export async function runCheckUninstall(argv: readonly string[]): Promise<number> {
  const settings = readSettings(SETTINGS, argv, {});
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(CHECK_UNINSTALL_HELP));
    return 0;
  }
  if (settings.kind === 'problems') {
    process.stderr.write(settings.problems.map((problem) => `check-uninstall: ${problem}\n`).join(''));
    return 2;
  }
  return await checkUninstall(makeClusterApi(placeOf(process.env), LIMITS), settings.values);
}

export interface Release {
  readonly release: string;
  readonly namespace: string;
  readonly revision: number;
}

/** Looks for workloads and prints the result. @returns the exit code */
export async function checkUninstall(
  api: ClusterApi,
  { warn, ...release }: Release & { readonly warn: boolean },
): Promise<number> {
  const { signal } = new AbortController();
  const found = await findRequestingWorkloads(api, signal);
  if (found.ok && found.value.length === 0) {
    process.stdout.write('no workload requests secrets\n');
    return 0;
  }
  const what = found.ok ? describe(found.value) : `check-uninstall: ${found.problem}\n`;
  process.stdout.write(warn ? what : what + waysOut(release));
  return warn ? 0 : 1;
}

function describe(workloads: readonly string[]): string {
  const [number, verb] =
    workloads.length === 1 ? ['1 workload', 'requests'] : [`${workloads.length} workloads`, 'request'];
  const more = workloads.length - MOST_LINES;
  return `${number} ${verb} secrets:
${workloads
  .slice(0, MOST_LINES)
  .map((workload) => `  ${workload}\n`)
  .join('')}${more > 0 ? `  and ${more} more\n` : ''}\
After the uninstallation, new pods of these workloads start without their secrets: nothing injects them, and
no policy rejects them. Running pods keep their secrets.
`;
}

/** Helm regards a release whose uninstallation failed as neither deployed nor gone, and refuses to upgrade it. */
function waysOut({ release, namespace, revision }: Release): string {
  return `Nothing was deleted. Do one of the following:
- Remove the annotations secrets-injector.dev/… of the workloads, or delete the workloads, and try again.
- Uninstall anyway: helm uninstall ${release} --namespace ${namespace} --no-hooks
- Keep the release: helm rollback ${release} ${revision} --namespace ${namespace}
  Until then, Helm refuses to upgrade it.
`;
}
