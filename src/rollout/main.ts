/** The `rollout` command. */
import { hostname } from 'node:os';
import { placeOf } from '../kubernetes/api-client.ts';
import { errorFields, type Logger, makeLogger } from '../runtime/log/logger.ts';
import { type CommandHelp, formatHelp } from '../runtime/settings/help.ts';
import type { Environment } from '../runtime/settings/settings.ts';
import { catchSignal, endOnUncaught, serveUntil } from '../runtime/shutdown.ts';
import { VERSION } from '../runtime/version.ts';
import { AwsAccess } from './aws/access.ts';
import { openQueue } from './aws/queue.ts';
import { type Rollout, type RolloutOptions, startRollout } from './rollout.ts';
import {
  describeIntervalOf,
  networkVariablesOf,
  ROLLOUT_SETTINGS,
  type RolloutSettings,
  readRolloutSettings,
  regionOf,
  rulesOf,
} from './settings.ts';
import { runStatus } from './status.ts';

const HELP: CommandHelp = {
  usage: 'rollout [flags]\n       aws-secrets-injector rollout status [flags]',
  about: `Restarts workloads when their secrets have new versions: Deployments, StatefulSets, DaemonSets and Argo
Rollouts whose pods request variables, or files without refresh. Runs in the cluster, as a Deployment of its
own (manifests/components/rollout; rollout.enabled in the chart). See docs/guides/rollout.md.

"rollout status" lists workloads, the versions that they record, and those that their pods report.`,
  settings: ROLLOUT_SETTINGS,
  variables: true,
};

/** STS is only asked there if neither the environment nor the queue names a Region. */
const STANDARD_REGION = 'us-east-1';

/** Runs the controller until a signal stops it. @returns the exit code */
export async function runRollout(argv: readonly string[], env: Environment): Promise<number> {
  if (argv[0] === 'status') return await runStatus(argv.slice(1), env);
  const settings = readRolloutSettings(argv, env);
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(HELP));
    return 0;
  }
  if (settings.kind === 'problems') {
    process.stderr.write(`invalid settings:\n${settings.problems.map((one) => `  ${one}\n`).join('')}`);
    return 2;
  }
  if (placeOf(env).host === undefined) {
    process.stderr.write(
      'rollout: KUBERNETES_SERVICE_HOST is not set: the controller runs in a pod; see rollout --help\n',
    );
    return 2;
  }
  return await serve(settings.values, env);
}

async function serve(values: RolloutSettings, env: Environment): Promise<number> {
  const log = makeLogger(values['log-level']);
  endOnUncaught(log);
  const signal = catchSignal(log);
  log.info('starting', { version: VERSION });
  const stop = new AbortController();
  const access = AwsAccess.open(
    { ...env, ...networkVariablesOf(values) },
    regionOf(values) ?? STANDARD_REGION,
    {
      stop: stop.signal,
      write: (line) => log.warn('retrying', { problem: line }),
    },
  );
  if (!access.ok) {
    const { code, wrong, expected } = access.problem;
    log.error('cannot sign in to AWS', { codes: code, problem: `${wrong}; ${expected}` });
    log.flush();
    return 1;
  }
  const rollout = await start(optionsOf(values, env, access.value), log);
  if (rollout === undefined) return 1;
  await serveUntil(signal, rollout, { drainSeconds: 0, closeSeconds: 20, log });
  stop.abort();
  access.value.close();
  log.flush();
  return 0;
}

function optionsOf(values: RolloutSettings, env: Environment, access: AwsAccess): RolloutOptions {
  const queue = values['queue-url'];
  const region = regionOf(values);
  return {
    place: placeOf(env),
    identity: hostname(),
    lease: { namespace: values.namespace, name: values.lease, seconds: values['lease-seconds'] },
    describe: (arn) => access.describe(arn),
    queue: queue === undefined || region === undefined ? undefined : openQueue(queue, region, access),
    explain: (failure) => access.explain(failure),
    rules: rulesOf(values),
    isDryRun: values['dry-run'],
    describeInterval: describeIntervalOf(values),
    driftInterval: values['drift-interval'] * 1000,
    probePort: values['probe-port'],
    metricsPort: values['metrics-port'],
    listenAddress: values['listen-address'],
  };
}

async function start(options: RolloutOptions, log: Logger): Promise<Rollout | undefined> {
  try {
    return await startRollout(options, log);
  } catch (error) {
    // Usually a port in use or an unknown address: the error code says which.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    log.error('cannot start', { problem: code, ...errorFields(error) });
    log.flush();
    return undefined;
  }
}
