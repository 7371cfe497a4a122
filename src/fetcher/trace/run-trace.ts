/**
 * The times of a run, for its trace. They are recorded only if the webhook passed on a trace, and are sent after everything
 * else is done.
 */
import { hostname } from 'node:os';
import type { TraceSettings } from '../process/environment.ts';
import type { LoadBundle } from '../process/load-bundle.ts';

/** Names, codes and counts. Neither values nor the ARNs of secrets, because the receiver may belong to somebody else. */
export type Facts = Readonly<Record<string, string | number>>;

/** A step of the run. */
export interface Step {
  readonly name: string;
  /** Whether another service answered. */
  readonly isCall: boolean;
  /** In milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly facts: Facts;
  /** The code of the problem that ended the step. */
  readonly problem: string | undefined;
}

/** Ends a step. @param problem the code of the problem that ended it */
export type EndStep = (facts?: Facts, problem?: string) => void;

/** The run as a whole, and its steps. */
export interface RecordedRun {
  readonly run: Step;
  readonly steps: readonly Step[];
  readonly resource: Facts;
}

/** Records a run. */
export class RunTrace {
  readonly #settings: TraceSettings;
  readonly #namespace: string | undefined;
  readonly #steps: Step[] = [];

  /** @param namespace of the pod */
  constructor(settings: TraceSettings, namespace: string | undefined) {
    this.#settings = settings;
    this.#namespace = namespace;
  }

  /** Begins a step that another service answers. */
  beginCall(name: string): EndStep {
    return this.#begin(name, true);
  }

  /** Begins a step of this process. */
  begin(name: string): EndStep {
    return this.#begin(name, false);
  }

  #begin(name: string, isCall: boolean): EndStep {
    const start = now();
    return (facts = {}, problem) => {
      this.#steps.push({ name, isCall, start, end: now(), facts, problem });
    };
  }

  /** Sends the trace, for a moment at most. A trace that cannot be sent changes nothing. @param problem of the run */
  async send(load: LoadBundle, facts: Facts, problem: string | undefined): Promise<void> {
    const recorded: RecordedRun = {
      // From the start of the process, before this program was loaded.
      run: {
        name: 'fetch secrets',
        isCall: false,
        start: performance.timeOrigin,
        end: now(),
        facts,
        problem,
      },
      steps: this.#steps,
      resource: {
        'host.name': hostname(),
        ...(this.#namespace === undefined ? {} : { 'k8s.namespace.name': this.#namespace }),
      },
    };
    try {
      const sendTrace = load('fetch-trace')['sendTrace'] as SendTrace;
      await sendTrace(this.#settings, recorded);
    } catch {
      // The files are in place.
    }
  }
}

/** What the bundle exports. */
export type SendTrace = (settings: TraceSettings, recorded: RecordedRun) => Promise<void>;

function now(): number {
  return performance.timeOrigin + performance.now();
}
