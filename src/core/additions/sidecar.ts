/**
 * What makes the fetcher a native sidecar, with `refresh`: it starts before the application like an init container, and runs
 * until the other containers have ended. The application starts when the startup probe succeeds, which is after the first
 * fetch.
 *
 * Source: Kubernetes KEP-753 (sidecar containers), on by default since 1.29.
 */
import { asArray, asObject, type JsonObject } from '../json.ts';
import type { Plan } from '../plan/plan.ts';
import { FRESH_COMMAND, STARTED_COMMAND } from '../settings.ts';

/** The fetcher ends by itself at its deadline, with the reason. The probe kills it only if it hangs. */
const MARGIN_SECONDS = 5;
/** A container with a CPU limit of 100m needs about a second to run the probe, and the fetcher may take its share. */
const PROBE_TIMEOUT_SECONDS = 5;
/** Each probe starts a process, which uses a tenth of a second of CPU. */
const READY_PERIOD_SECONDS = 20;
const READY_FAILURES = 3;

/** The fields of a container that only a fetcher with `refresh` has, in the order in which they are written. */
export const SIDECAR_FIELDS = ['restartPolicy', 'startupProbe', 'readinessProbe'] as const;
type SidecarField = (typeof SIDECAR_FIELDS)[number];
export type SidecarFields = Readonly<Partial<Record<SidecarField, JsonObject | string>>>;

/** The fields for a plan; empty without `refresh`. */
export function sidecarFields({ refresh, timeoutSeconds }: Plan): SidecarFields {
  if (refresh === undefined) return {};
  return {
    restartPolicy: 'Always',
    startupProbe: {
      exec: { command: STARTED_COMMAND },
      periodSeconds: 1,
      timeoutSeconds: PROBE_TIMEOUT_SECONDS,
      failureThreshold: timeoutSeconds + MARGIN_SECONDS,
    },
    ...(refresh.required === true
      ? {
          readinessProbe: {
            exec: { command: FRESH_COMMAND },
            periodSeconds: READY_PERIOD_SECONDS,
            timeoutSeconds: PROBE_TIMEOUT_SECONDS,
            failureThreshold: READY_FAILURES,
          },
        }
      : {}),
  };
}

/** Members of a probe that the injector does not set, with the values that the API server sets. */
const DEFAULTS: JsonObject = { initialDelaySeconds: 0, successThreshold: 1 };
/** Members that would replace the command or the time that the fetcher has to end. The guard lists them as well. */
export const NEVER_IN_PROBES = ['grpc', 'httpGet', 'tcpSocket', 'terminationGracePeriodSeconds'] as const;

/** Whether the value of a field is the one that the injector writes, with or without what the API server defaults. */
export function isSidecarField(value: unknown, wanted: JsonObject | string): boolean {
  if (typeof wanted === 'string') return value === wanted;
  const probe = asObject(value);
  if (probe === undefined) return false;
  const { exec, ...numbers } = wanted;
  const { command = [], ...others } = asObject(probe['exec']) ?? {};
  return (
    isSameList(asArray(command), asArray(asObject(exec)?.['command'])) &&
    Object.keys(others).length === 0 &&
    Object.entries(numbers).every(([name, number]) => probe[name] === number) &&
    Object.entries(DEFAULTS).every(([name, standard]) => (probe[name] ?? standard) === standard) &&
    NEVER_IN_PROBES.every((name) => (probe[name] ?? null) === null)
  );
}

function isSameList(one: readonly unknown[] = [], other: readonly unknown[] = []): boolean {
  return one.length === other.length && one.every((element, index) => element === other[index]);
}
