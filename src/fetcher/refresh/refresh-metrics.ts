/** The metrics of the sidecar, in the text format of Prometheus. They contain ARNs and version IDs, but no values. */
import { isVersionId } from '../../core/plan/versions.ts';
import type { ActionReport, LookReport, RefreshStart, Versions } from './messages.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** Increments a counter by its label. */
class Counts {
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>();

  add(labels: Labels, by = 1): void {
    const key = JSON.stringify(labels);
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { labels, count: by });
    else known.count += by;
  }

  get samples(): readonly Sample[] {
    return [...this.#counts.values()].map(({ labels, count }) => [labels, count]);
  }
}

/** Times of the system clock, in milliseconds, and a monotonic clock, which the age needs. */
export interface MetricsClock {
  wall(): number;
  monotonic(): number;
}

export class RefreshMetrics {
  readonly #start: RefreshStart;
  readonly #clock: MetricsClock;
  readonly #looks = new Counts();
  readonly #failures = new Counts();
  readonly #attempts = new Counts();
  #versions: Versions;
  #isFailing = false;
  #successAt: number;
  #successTime: number;
  #changeTime: number;
  #due = 0;

  /** The first run, which has just succeeded, counts as a successful look. */
  constructor(start: RefreshStart, clock: MetricsClock) {
    this.#start = start;
    this.#clock = clock;
    this.#versions = start.versions;
    this.#successAt = clock.monotonic();
    this.#successTime = clock.wall();
    this.#changeTime = clock.wall();
    for (const outcome of ['same', 'wrote', 'kept', 'failed']) this.#looks.add({ outcome }, 0);
  }

  looked({ outcome, problems, versions }: LookReport): void {
    this.#looks.add({ outcome });
    this.#isFailing = outcome === 'failed';
    if (this.#isFailing) {
      for (const code of new Set(problems.map((problem) => problem.code))) this.#failures.add({ code });
      return;
    }
    this.#versions = versions;
    this.#successAt = this.#clock.monotonic();
    this.#successTime = this.#clock.wall();
    if (outcome === 'wrote') this.#changeTime = this.#clock.wall();
  }

  /** @param due how many actions are still due; undefined if that is not known */
  acted(actions: readonly ActionReport[], due: number | undefined): void {
    for (const { action, problem } of actions)
      this.#attempts.add({ action, outcome: problem?.code ?? 'done' });
    this.#due = due ?? this.#due;
  }

  get text(): string {
    const age = (this.#clock.monotonic() - this.#successAt) / 1000;
    const one = (value: number): readonly Sample[] => [[{}, value]];
    const metrics = [
      metric('refresh_interval_seconds', 'gauge', 'The interval of looks.', one(this.#start.seconds)),
      metric('refresh_looks_total', 'counter', 'Looks for new versions.', this.#looks.samples),
      metric('refresh_failures_total', 'counter', 'Problems of looks.', this.#failures.samples),
      metric('refresh_failing', 'gauge', '1 if the last look failed.', one(this.#isFailing ? 1 : 0)),
      metric('refresh_age_seconds', 'gauge', 'Time since the last successful look.', one(age)),
      metric(
        'refresh_last_success_timestamp_seconds',
        'gauge',
        'Time of the last successful look.',
        one(this.#successTime / 1000),
      ),
      metric(
        'refresh_last_change_timestamp_seconds',
        'gauge',
        'Time of the last change of files.',
        one(this.#changeTime / 1000),
      ),
      metric('secret_version_info', 'gauge', 'The version in the files.', this.#versionSamples()),
      metric('on_change_attempts_total', 'counter', 'Attempts of actions.', this.#attempts.samples),
      metric('on_change_due', 'gauge', 'Actions that are still due.', one(this.#due)),
    ];
    return metrics.join('');
  }

  #versionSamples(): readonly Sample[] {
    return this.#versions.flatMap((version, index): readonly Sample[] => {
      if (typeof version !== 'object' || version === null || !isVersionId(version.id)) return [];
      return [[{ secret: this.#start.arns[index] ?? '', index: String(index), version_id: version.id }, 1]];
    });
  }
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const full = `secrets_injector_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labelText(labels)} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}

/** Labels in the exposition format, which escapes three characters. */
function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
    return `${name}="${escaped}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
