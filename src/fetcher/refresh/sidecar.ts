/** The sidecar between looks: when to look, when to try actions again, and what to report. */
import type { Clock } from '../../aws/calls/retry.ts';
import type { KeptCredentials, LookReport, LookRequest, RefreshStart, Report, Versions } from './messages.ts';
import type { RefreshLog } from './refresh-log.ts';
import type { RefreshMetrics } from './refresh-metrics.ts';
import { actionPause, LookSchedule } from './schedule.ts';

export interface SidecarParts {
  readonly clock: Clock;
  /** Runs a process. @returns undefined if it has ended without a report */
  run(request: LookRequest): Promise<Report | undefined>;
  /**
   * Records that the sidecar runs, and until when its files are fresh.
   * @param milliseconds from now; undefined for the time that the process before has recorded
   */
  freshFor(milliseconds: number | undefined): void;
  readonly log: RefreshLog;
  readonly metrics: RefreshMetrics;
}

/** Files are fresh until this many intervals have passed without a successful look. */
const FRESH_INTERVALS = 3;
const FRESH_MARGIN = 60_000;

/** Runs until the signal aborts. @param isDue whether actions may be due from an earlier process */
export async function runSidecar(
  { seconds, versions, isRestart }: RefreshStart,
  isDue: boolean,
  parts: SidecarParts,
  stop: AbortSignal,
): Promise<void> {
  const { clock } = parts;
  const freshness = FRESH_INTERVALS * seconds * 1000 + FRESH_MARGIN;
  const schedule = new LookSchedule(seconds, () => clock.random());
  const actions = new ActionRetries(isDue, clock);
  let delivered: Versions = versions;
  let credentials: KeptCredentials | undefined;
  let lookAt = clock.now() + (isRestart ? 0 : schedule.first());
  parts.freshFor(isRestart ? undefined : freshness);
  parts.log.started(seconds);
  while (!stop.aborted) {
    const pause = Math.min(lookAt, actions.at) - clock.now();
    await clock.sleep(Math.max(0, pause), stop).catch(() => undefined);
    if (stop.aborted) return;
    const isLook = lookAt <= actions.at;
    const what = isLook ? 'look' : 'act';
    const report = await parts.run({ what, versions: delivered, credentials });
    if (stop.aborted) return;
    actions.ended(report);
    if (isLook) {
      const look = report?.look ?? interrupted(delivered);
      credentials = report?.credentials;
      delivered = look.versions;
      if (look.outcome !== 'failed') parts.freshFor(freshness);
      parts.metrics.looked(look);
      parts.log.looked(look);
      lookAt = clock.now() + schedule.after(look.end);
    }
    parts.metrics.acted(report?.actions ?? [], report?.due);
    for (const action of report?.actions ?? []) parts.log.acted(action);
  }
}

/** When the actions that are due are tried again. */
class ActionRetries {
  readonly #clock: Clock;
  #failures = 0;
  at: number;

  constructor(isDue: boolean, clock: Clock) {
    this.#clock = clock;
    this.at = isDue ? clock.now() : Number.POSITIVE_INFINITY;
  }

  /** @param report undefined if the process was killed, so that it is not known what is due */
  ended(report: Report | undefined): void {
    if (report?.due === 0) {
      this.#failures = 0;
      this.at = Number.POSITIVE_INFINITY;
      return;
    }
    // A look that has replaced files again has tried the actions as well.
    this.#failures += 1;
    this.at = this.#clock.now() + actionPause(this.#failures, this.#clock.random());
  }
}

function interrupted(versions: Versions): LookReport {
  return {
    outcome: 'failed',
    end: 'transient',
    problems: [
      {
        code: 'REFRESH_INTERRUPTED',
        subject: 'refresh',
        wrong: 'the process that looks for new versions was killed, or did not end in time',
        expected: 'check the memory limit of the container',
      },
    ],
    versions,
    warnings: [],
  };
}
