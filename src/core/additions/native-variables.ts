/**
 * Native variables: entries of a container's `env` that refer to the env file by `fileKeyRef`, so that kubelet sets
 * ordinary variables. They come first, in the order of the plan, so that `$(NAME)` in other entries is expanded.
 *
 * Source: Kubernetes KEP-3721 (env files), in the API since 1.34, on by default since 1.35.
 */
import { asObject, field, type JsonObject, textField } from '../json.ts';
import { ENV_FILE } from '../names/volume-layout.ts';
import type { PlanVariable } from '../plan/plan.ts';
import type { Container } from '../pod/pod.ts';
import type { PatchBuilder } from './patch.ts';

/** The entry of one variable. */
export function nativeEntry(variable: PlanVariable, volume: string): JsonObject {
  return { name: variable.name, valueFrom: { fileKeyRef: fileKeyRef(variable, volume) } };
}

/** For an optional entry without a value, kubelet leaves the variable unset. With a default, there is always a value. */
function fileKeyRef({ name, optional, default: standIn }: PlanVariable, volume: string): JsonObject {
  const isOptional = optional === true && standIn === undefined;
  return { volumeName: volume, path: ENV_FILE, key: name, ...(isOptional ? { optional: true } : {}) };
}

/** What an entry with the name of an injected variable is. */
export type Standing =
  /** The entry that the injector writes. */
  | 'injected'
  /** An injected entry after a webhook with an older Kubernetes library dropped its source: `valueFrom: {}`. */
  | 'damaged'
  | 'foreign';

export function standingOf(entry: JsonObject, variable: PlanVariable, volume: string): Standing {
  const source = asObject(field(entry, 'valueFrom'));
  if (textField(entry, 'value') !== undefined || source === undefined) return 'foreign';
  if (isDamaged(entry)) return 'damaged';
  const given = field(source, 'fileKeyRef');
  const wanted = fileKeyRef(variable, volume);
  const isSame =
    Object.keys(source).length === 1 &&
    ['volumeName', 'path', 'key'].every((name) => field(given, name) === wanted[name]) &&
    // The API server sets the default false.
    (field(given, 'optional') ?? false) === (wanted['optional'] ?? false);
  return isSame ? 'injected' : 'foreign';
}

/** Whether an entry has an empty source. */
export function isDamaged(entry: JsonObject): boolean {
  const source = asObject(field(entry, 'valueFrom'));
  const isBare = source !== undefined && Object.keys(source).length === 0;
  return isBare && textField(entry, 'value') === undefined;
}

/**
 * Adds the native variables that a container lacks, and repairs damaged ones.
 * @param path of the container
 */
export function addNativeVariables(
  patch: PatchBuilder,
  path: readonly (string | number)[],
  container: Container,
  { variables, volume }: { readonly variables: readonly PlanVariable[]; readonly volume: string },
): void {
  const list = [...path, 'env'];
  if (container.env.length === 0) {
    patch.insertAll(
      list,
      0,
      variables.map((variable) => nativeEntry(variable, volume)),
    );
    return;
  }
  const places = new Map(container.env.map((entry, index) => [textField(entry, 'name'), index]));
  const missing: { readonly at: number; readonly entries: JsonObject[] }[] = [];
  let next = 0;
  for (const variable of variables) {
    const index = places.get(variable.name);
    const entry = index === undefined ? undefined : container.env[index];
    if (index === undefined || entry === undefined) {
      const last = missing.at(-1);
      if (last?.at === next) last.entries.push(nativeEntry(variable, volume));
      else missing.push({ at: next, entries: [nativeEntry(variable, volume)] });
      continue;
    }
    next = index + 1;
    if (standingOf(entry, variable, volume) === 'damaged')
      patch.setMember([...list, index, 'valueFrom'], 'fileKeyRef', fileKeyRef(variable, volume));
  }
  let inserted = 0;
  for (const { at, entries } of missing) {
    patch.insertAll(list, at + inserted, entries);
    inserted += entries.length;
  }
}
