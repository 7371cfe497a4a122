/** `refreshInterval` and `refreshPolicy`. */
import { formatDuration } from '../../../duration.ts';
import { field, textField } from '../../../json.ts';
import type { ObjectReport } from '../report.ts';

/** The bounds of the annotation. */
const [LEAST, MOST] = [30, 24 * 3600];
const DEFAULT = 3600;

/** @returns seconds between updates of files; undefined if they are not updated */
export function readRefresh(spec: unknown, at: string, report: ObjectReport): number | undefined {
  const policy = textField(spec, 'refreshPolicy');
  const written = textField(spec, 'refreshInterval');
  const seconds = written === undefined ? DEFAULT : goSeconds(written);
  const isPeriodic = (policy ?? 'Periodic') === 'Periodic' && seconds !== 0;
  const refresh = isPeriodic ? Math.min(Math.max(seconds ?? DEFAULT, LEAST), MOST) : undefined;
  if (policy !== undefined)
    report.changed(
      `${at}.refreshPolicy`,
      isPeriodic
        ? 'annotation refresh, for pods with files'
        : 'every new pod gets the current version; for the same version in all replicas, use the annotation pin-version',
    );
  if (field(spec, 'refreshInterval') !== undefined)
    report.changed(
      `${at}.refreshInterval`,
      refresh === undefined
        ? 'pods read the secrets when they start'
        : `annotation refresh: "${formatDuration(refresh)}" for pods with files; variables are read when a pod starts`,
    );
  return refresh;
}

const UNITS: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  µs: 1e-6,
  ns: 1e-9,
};

/** A duration of Go, such as `1h0m0s`. */
function goSeconds(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|µs|ns))+$/.test(text)) return undefined;
  const parts = text.matchAll(/([\d.]+)(h|ms|m|s|us|µs|ns)/g);
  return Math.round(
    [...parts].reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0),
  );
}
