/** The trace of a run, from what the run recorded. It is sent only if the webhook passed on a trace, after everything else is done. */
import { ConnectionPool } from '../../aws/connections/connection-pool.ts';
import { trustPublicAuthorities } from '../../aws/connections/trust.ts';
import type { Receiver } from '../../runtime/otlp.ts';
import { processTime } from '../../runtime/process-time.ts';
import type { Environment, TraceSettings } from '../process/environment.ts';
import type { LoadBundle } from '../process/load-bundle.ts';
import type { Part, RunLog, Span } from '../process/run-log.ts';

/** Names, codes and counts. Neither values nor the ARNs of secrets, because the receiver may belong to somebody else. */
export type Facts = Readonly<Record<string, string | number>>;

/** A step of the run. */
export interface Step extends Span {
  readonly name: string;
  /** Whether another service answered. */
  readonly isCall: boolean;
  readonly facts: Facts;
  /** The code of the problem that ended the step. */
  readonly problem: string | undefined;
}

/** The run as a whole, and its steps. */
export interface RecordedRun {
  readonly run: Step;
  readonly steps: readonly Step[];
  readonly resource: Facts;
}

/** What the bundle exports. */
export type SendTrace = (
  settings: TraceSettings,
  recorded: RecordedRun,
  send: Receiver['send'],
) => Promise<void>;

/**
 * Sends the trace of a run that has ended, for a moment at most. A trace that cannot be sent changes nothing.
 * @param facts of the run @param problem the code of the first problem of a run that failed
 */
export async function sendRun(
  load: LoadBundle,
  { trace, identity }: Environment,
  log: RunLog,
  facts: Facts,
  problem?: string,
): Promise<void> {
  if (trace === undefined) return;
  const { namespace } = identity.pod;
  const recorded: RecordedRun = {
    // From the start of the process, before this program was loaded.
    run: { name: 'fetch secrets', isCall: false, start: 0, end: processTime(), facts, problem },
    steps: stepsOf(log, problem),
    resource: namespace === undefined ? {} : { 'k8s.namespace.name': namespace },
  };
  try {
    const sendTrace = load('fetch-trace')['sendTrace'] as SendTrace;
    await sendTrace(trace, recorded, senderTo(trace.endpoint));
  } catch {
    // The files are in place.
  }
}

/** The receiver is not AWS, and can have a certificate of any public authority. */
function senderTo(endpoint: URL): Receiver['send'] {
  trustPublicAuthorities();
  const pool = new ConnectionPool(endpoint, 0);
  return (request) => pool.send({ ...request, path: `${endpoint.pathname}${endpoint.search}` });
}

function stepsOf(log: RunLog, problem: string | undefined): readonly Step[] {
  const part = (name: string, isCall: boolean, which: Part): readonly Step[] => {
    const span = log.spanOf(which);
    if (span === undefined) return [];
    return [{ name, isCall, ...span, facts: {}, problem: log.last === which ? problem : undefined }];
  };
  const calls = log.reads.map(
    ({ span, region, code }, index): Step => ({
      name: 'GetSecretValue',
      isCall: true,
      ...span,
      facts: { 'secrets_injector.secret': index, 'cloud.region': region },
      problem: code,
    }),
  );
  return [...part('sign in', true, 'signIn'), ...calls, ...part('write files', false, 'write')];
}
