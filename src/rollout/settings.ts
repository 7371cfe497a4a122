/** The settings of the `rollout` command. */
import {
  CA_BUNDLE_VARIABLE,
  HTTPS_PROXY_VARIABLE,
  NO_PROXY_VARIABLE,
} from '../core/names/network-variables.ts';
import { quote } from '../core/problems/quote.ts';
import { LOG_LEVELS } from '../runtime/log/logger.ts';
import { readCaBundle } from '../runtime/settings/ca-bundle.ts';
import {
  ADDRESS,
  choice,
  DNS_NAME,
  duration,
  integer,
  type Kind,
  NO_PROXY,
  PATH,
  PORT,
  PROXY,
  SWITCH,
} from '../runtime/settings/kinds.ts';
import {
  type Environment,
  optional,
  readSettings,
  type SettingsResult,
  setting,
  type Values,
} from '../runtime/settings/settings.ts';
import { parseQueueUrl, type QueueUrl } from './aws/queue.ts';
import type { Rules } from './decide/decide.ts';
import { isTimeZone, parseWindow, type Window } from './decide/windows.ts';

const QUEUE: Kind<QueueUrl> = {
  placeholder: 'url',
  expects: 'the URL of an SQS queue such as https://sqs.eu-west-1.amazonaws.com/111122223333/secret-changes',
  parse: parseQueueUrl,
};

const REGION: Kind<string> = {
  placeholder: 'region',
  expects: 'a Region such as eu-west-1',
  parse: (text) => (/^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/.test(text) ? text : undefined),
};

interface WrittenWindow extends Window {
  readonly text: string;
}

const WINDOWS: Kind<readonly WrittenWindow[]> = {
  placeholder: 'windows',
  expects: 'windows such as 22:00-04:00 or Mon-Fri 22:00-04:00, separated by semicolons',
  parse: (text) => {
    const windows = text
      .split(';')
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const window = parseWindow(part);
        return window === undefined ? undefined : { ...window, text: part.trim() };
      });
    return windows.every((one) => one !== undefined) ? windows : undefined;
  },
  show: (windows) => windows.map(({ text }) => text).join('; ') || 'none',
};

const TIME_ZONE: Kind<string> = {
  placeholder: 'zone',
  expects: 'a time zone such as UTC or Europe/Berlin',
  parse: (text) => (isTimeZone(text) ? text : undefined),
};

export const ROLLOUT_SETTINGS = {
  'queue-url': optional(
    QUEUE,
    'SQS queue that receives the events of Secrets Manager from EventBridge. Without it, changes are found by DescribeSecret alone.',
  ),
  'queue-region': optional(REGION, 'Region of the queue, if the host of its URL does not contain it.'),
  'describe-interval': optional(
    duration(30, 86_400, 'from 30s to 24h'),
    'Interval of DescribeSecret for each secret, with jitter. By default 5m, and 1h with a queue.',
  ),
  'restart-delay': setting(
    duration(0, 3600, 'from 0s to 1h'),
    60,
    'Time between the first change and the restart, so that secrets that change together cause one restart.',
  ),
  'max-at-once': setting(
    integer(1, 10_000),
    5,
    'Maximum number of restarts in the cluster that are not complete.',
  ),
  'max-at-once-per-namespace': setting(integer(1, 10_000), 2, 'The same for each namespace.'),
  'max-per-hour': setting(integer(1, 10_000), 60, 'Maximum number of restarts in the cluster in an hour.'),
  'max-per-hour-per-namespace': setting(integer(1, 10_000), 20, 'The same for each namespace.'),
  'stuck-after': setting(
    duration(60, 3600, 'from 60s to 1h'),
    600,
    'Time after which a rollout that is not complete no longer counts for max-at-once, and no longer keeps back the next restart of its workload.',
  ),
  windows: setting(
    WINDOWS,
    [],
    'Maintenance windows, separated by semicolons, such as "Mon-Fri 22:00-04:00; Sat,Sun 00:00-24:00". Without windows, restarts are allowed at all times.',
  ),
  'time-zone': setting(TIME_ZONE, 'UTC', 'Time zone of the windows.'),
  'dry-run': setting(
    SWITCH,
    false,
    'Only report decisions: as Events, in the log and in metrics. Workloads are not changed.',
  ),
  'drift-interval': setting(
    duration(60, 86_400, 'from 60s to 24h'),
    600,
    'Interval at which the versions of all pods are compared, for the metric of drift.',
  ),
  'https-proxy': optional(PROXY, 'HTTP proxy for the connections to AWS. It may contain credentials.'),
  'no-proxy': optional(NO_PROXY, 'Hosts that are reached without the proxy. A name includes its subdomains.'),
  'ca-bundle-file': optional(
    PATH,
    'PEM file with certificate authorities that connections to AWS trust in addition to the public ones, at most 64 KiB. Read at the start.',
  ),
  namespace: setting(DNS_NAME, 'aws-secrets-injector', 'Namespace of the Lease.'),
  lease: setting(
    DNS_NAME,
    'aws-secrets-injector-rollout',
    'Name of the Lease by which replicas elect a leader.',
  ),
  'lease-seconds': setting(
    integer(5, 300, 'seconds'),
    15,
    'Seconds after which another replica takes over from one that does not renew the Lease.',
  ),
  'probe-port': setting(
    PORT,
    8081,
    'Port of the plain HTTP server with /livez and /readyz, for the kubelet.',
  ),
  'metrics-port': setting(PORT, 8080, 'Port of the plain HTTP server with /metrics.'),
  'listen-address': optional(
    ADDRESS,
    'Address that both servers listen on. By default, all addresses of the pod.',
  ),
  'log-level': setting(choice(...LOG_LEVELS), 'info', 'Least severe level to log.'),
} as const;

export type RolloutSettings = Values<typeof ROLLOUT_SETTINGS>;

/** Reads the settings of the rollout controller. */
export function readRolloutSettings(
  argv: readonly string[],
  env: Environment,
): SettingsResult<RolloutSettings> {
  return readSettings(ROLLOUT_SETTINGS, argv, env, (values) => [
    ...(values['probe-port'] !== 0 && values['probe-port'] === values['metrics-port']
      ? ['--metrics-port: is equal to --probe-port; choose another port']
      : []),
    ...(values['queue-url'] !== undefined && regionOf(values) === undefined
      ? ['--queue-region: must be set, because the host of --queue-url does not contain a Region']
      : []),
    ...bundleProblems(values['ca-bundle-file']),
  ]);
}

function bundleProblems(file: string | undefined): readonly string[] {
  const bundle = file === undefined ? undefined : readCaBundle(file);
  return bundle?.ok === false ? [`--ca-bundle-file: ${quote(file ?? '')} ${bundle.problem}`] : [];
}

/** The variables from which calls to AWS read these settings. */
export function networkVariablesOf(values: RolloutSettings): Environment {
  const file = values['ca-bundle-file'];
  const bundle = file === undefined ? undefined : readCaBundle(file);
  return {
    [HTTPS_PROXY_VARIABLE]: values['https-proxy'],
    [NO_PROXY_VARIABLE]: values['no-proxy'],
    [CA_BUNDLE_VARIABLE]: bundle?.ok === true ? bundle.value : undefined,
  };
}

/** The Region of the queue. */
export function regionOf(values: RolloutSettings): string | undefined {
  return values['queue-region'] ?? values['queue-url']?.region;
}

export function rulesOf(values: RolloutSettings): Rules {
  return {
    delay: values['restart-delay'] * 1000,
    atOnce: values['max-at-once'],
    atOncePerNamespace: values['max-at-once-per-namespace'],
    perHour: values['max-per-hour'],
    perHourPerNamespace: values['max-per-hour-per-namespace'],
    stuckAfter: values['stuck-after'] * 1000,
    windows: values.windows,
    timeZone: values['time-zone'],
  };
}

const INTERVAL_SECONDS = 300;
const INTERVAL_SECONDS_WITH_QUEUE = 3600;

/** Milliseconds between two requests for a secret. */
export function describeIntervalOf(values: RolloutSettings): number {
  const standard = values['queue-url'] === undefined ? INTERVAL_SECONDS : INTERVAL_SECONDS_WITH_QUEUE;
  return (values['describe-interval'] ?? standard) * 1000;
}
