/** The `doctor` command: checks an installation, from a terminal or in a pod. */
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { DNS_NAME, duration, type Kind, SWITCH } from '../../runtime/settings/kinds.ts';
import { optional, readSettings, setting } from '../../runtime/settings/settings.ts';
import { CLUSTER_SETTINGS, openCluster } from '../cluster/access.ts';
import { CHECKS } from '../doctor/checks/all.ts';
import { makeFacts } from '../doctor/facts.ts';
import { makeNetwork } from '../doctor/network.ts';
import { showProgress } from '../doctor/progress.ts';
import { countOf, formatReport, formatReportJson } from '../doctor/report.ts';
import { runChecks } from '../doctor/run.ts';
import { knownVariables } from './injection-flags.ts';

const REGIONS: Kind<readonly string[]> = {
  placeholder: 'region',
  expects: 'the name of a Region such as eu-west-1',
  parse: (text) => (/^[a-z]{2,5}(?:-[a-z]+)+-\d$/.test(text) ? [text] : undefined),
  merge: (lists) => lists.flat(),
};

export const DOCTOR_SETTINGS = {
  ...CLUSTER_SETTINGS,
  namespace: setting(DNS_NAME, 'aws-secrets-injector', 'Namespace of the webhook.'),
  'pod-namespace': optional(
    DNS_NAME,
    'Namespace with the opt-in label in which a pod is tried. By default, the first one.',
  ),
  region: optional(REGIONS, 'Region to check besides those that workloads name. Can be set several times.'),
  wait: setting(duration(1, 600, 'from 1s to 10m'), 30, 'Time limit of each check.'),
  json: setting(SWITCH, false, 'Print JSON instead of text.'),
};

export const DOCTOR_HELP: CommandHelp = {
  usage: 'doctor [flags]',
  about: `Checks an installation: API server, registration, certificates, guard, kubelets, identity, AWS endpoints,
clocks and quotas. Each line is ok, warn, fail, or skipped with the reason, and says what to do. Reads the cluster
with kubectl, or in a pod with its service account; changes nothing, and reads no Secret. Pods that it tries are not
stored. See docs/reference/doctor.md.`,
  examples: [
    'aws-secrets-injector doctor',
    'aws-secrets-injector doctor --context production --region eu-west-1',
    'aws-secrets-injector doctor --json',
  ],
  settings: DOCTOR_SETTINGS,
  variables: true,
};

/** Runs the command. @returns 0; 1 if a check fails or the cluster cannot be read; 2 for invalid flags */
export async function runDoctor(argv: readonly string[]): Promise<number> {
  const settings = readSettings(DOCTOR_SETTINGS, argv, knownVariables(process.env, DOCTOR_SETTINGS));
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(DOCTOR_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems, 2);
  const { namespace, region: regions = [], wait, json, ...values } = settings.values;
  const opened = await openCluster(values, process.env);
  if (!opened.ok) return fail([opened.problem], 1);
  const { api, isInPod, kubectl, close } = opened.value;
  const controller = new AbortController();
  try {
    const context = {
      api,
      isInPod,
      namespace,
      podNamespace: values['pod-namespace'],
      regions,
      facts: makeFacts(api, controller.signal),
      network: makeNetwork(kubectl),
      now: () => Date.now(),
    };
    const results = await runChecks(CHECKS, context, wait * 1000, showProgress(process.stderr));
    process.stdout.write(json ? formatReportJson(results) : formatReport(results));
    return countOf(results, 'fail') === 0 ? 0 : 1;
  } finally {
    controller.abort();
    close();
  }
}

function fail(problems: readonly string[], code: number): number {
  process.stderr.write(problems.map((problem) => `doctor: ${problem}\n`).join(''));
  return code;
}
