/** Reads a workload from an object of Kubernetes. */
import { hasAnnotations, readAnnotations, requestsSecrets } from '../../core/annotations/annotations.ts';
import { type Asked, readAsked } from '../../core/annotations/read-asked.ts';
import { asArray, asObject, field, textField } from '../../core/json.ts';
import { PREFIX } from '../../core/names/prefix.ts';
import {
  PAUSED_KEY,
  RESTART_KEY,
  RESTARTS_KEY,
  SETTLED_KEY,
  VERSIONS_KEY,
} from '../../core/names/rollout-keys.ts';
import { readVersionMap, type VersionMap, versionKey } from '../../core/plan/version-map.ts';
import { Findings } from '../../core/problems/findings.ts';
import { disrupts, isRolling } from './progress.ts';
import { selectorQuery } from './selector.ts';
import type { Kind, Workload } from './workload.ts';

/** The field manager of everything that the controller writes. */
export const FIELD_MANAGER = 'aws-secrets-injector-rollout';

const HOUR = 3_600_000;
/** More restarts than that are not recorded. */
export const MOST_RESTARTS = 100;
const NOTHING: VersionMap = new Map();

/**
 * Reads a workload.
 * @returns undefined if its pods request no secrets, or if the object is not complete
 */
export function readWorkload(kind: Kind, object: unknown, now: number): Workload | undefined {
  const metadata = field(object, 'metadata');
  const [namespace, name, uid, resourceVersion] = ['namespace', 'name', 'uid', 'resourceVersion'].map((key) =>
    textField(metadata, key),
  );
  const spec = field(object, 'spec');
  const template = field(spec, 'template');
  const requested = field(field(template, 'metadata'), 'annotations');
  if (!namespace || !name || !uid || !resourceVersion) return undefined;
  if (!hasAnnotations(requested) || !requestsSecrets(requested)) return undefined;
  const findings = new Findings();
  const asked = readAsked(readAnnotations(requested, findings), namespace, { image: '' }, findings);
  const all = keysOf(asked, () => true);
  const refreshes = textField(requested, `${PREFIX}refresh`) !== undefined;
  const secrets = refreshes ? keysOf(asked, isReadOnce(requested)) : all;
  const own = field(metadata, 'annotations');
  const isPinned = textField(requested, `${PREFIX}pin-version`)?.trim() === 'true';
  const wish = textField(own, RESTART_KEY)?.trim();
  const isRecordOutside = isRecordedOutside(kind, isPinned);
  const recorded = versionsIn(isRecordOutside ? own : requested, VERSIONS_KEY);
  const settled = versionsIn(own, SETTLED_KEY);
  return {
    kind,
    namespace,
    name,
    uid,
    resourceVersion,
    secrets: wish === 'true' || isPinned ? all : secrets,
    all,
    isPinned,
    excluded:
      wish === 'false' ? 'opted-out' : secrets.length === 0 && wish !== 'true' ? 'refreshes' : undefined,
    isHeld: textField(own, PAUSED_KEY)?.trim() === 'true',
    isPaused: field(spec, 'paused') === true,
    isOnDelete: textField(field(spec, 'updateStrategy'), 'type') === 'OnDelete',
    recorded,
    isRecordForeign:
      recorded.size > 0 &&
      !owns(metadata, [...(isRecordOutside ? [] : TEMPLATE), ...ANNOTATIONS], VERSIONS_KEY),
    // A rollback restores the annotations of the workload as well.
    settled: owns(metadata, ANNOTATIONS, SETTLED_KEY) ? settled : NOTHING,
    restarts: timesIn(textField(own, RESTARTS_KEY) ?? '', now),
    isRolling: isRolling(kind, object),
    disrupts: disrupts(kind, object),
    labels: textsIn(field(field(template, 'metadata'), 'labels')),
    selector: selectorQuery(field(spec, 'selector')),
  };
}

/**
 * Whether versions are recorded on the workload itself. A change of an Argo Rollout's template would be a new release, with
 * its steps and its analysis; `spec.restartAt` restarts its pods without one.
 */
export function isRecordedOutside(kind: Kind, isPinned: boolean): boolean {
  return kind === 'Rollout' && !isPinned;
}

/** Keys of secrets, without those whose version ID is fixed. */
function keysOf(asked: Asked, isWanted: (group: 'variables' | 'files') => boolean): readonly string[] {
  const indices = asked.groups.flatMap(({ env, envFrom, files, filesFrom }) => [
    ...(isWanted('variables') ? [...env, ...envFrom] : []),
    ...(isWanted('files') ? [...files, ...filesFrom] : []),
  ]);
  const keys = indices.map(({ secret }) => {
    const planned = asked.secrets[secret];
    return planned === undefined ? undefined : versionKey(planned);
  });
  return [...new Set(keys)].filter((key) => key !== undefined).sort();
}

/** With `refresh`, only variables need a restart, unless the application reads the env file itself. */
function isReadOnce(requested: unknown): (group: 'variables' | 'files') => boolean {
  const isFile = textField(requested, `${PREFIX}env-mode`)?.trim() === 'file';
  return (group) => group === 'variables' && !isFile;
}

function versionsIn(annotations: unknown, key: string): VersionMap {
  const read = readVersionMap(textField(annotations, key) ?? '{}');
  return read.ok ? read.value : NOTHING;
}

/** Times that are separated by commas. */
function timesIn(text: string, now: number): readonly number[] {
  return text
    .slice(0, 4096)
    .split(',')
    .map((one) => Date.parse(one))
    .filter((at) => at <= now + HOUR)
    .slice(-MOST_RESTARTS);
}

const TEMPLATE = ['f:spec', 'f:template'];
const ANNOTATIONS = ['f:metadata', 'f:annotations'];

/**
 * Whether the controller wrote an annotation. `kubectl rollout undo` writes the template and the annotations of an earlier
 * revision, so an annotation that changed belongs to kubectl then.
 */
function owns(metadata: unknown, place: readonly string[], key: string): boolean {
  const managed = asArray(field(metadata, 'managedFields'));
  // Without managed fields, nothing is known.
  if (managed === undefined || managed.length === 0) return true;
  const path = ['fieldsV1', ...place, `f:${key}`];
  return managed.some(
    (entry) =>
      textField(entry, 'manager') === FIELD_MANAGER &&
      path.reduce<unknown>((value, name) => field(value, name), entry) !== undefined,
  );
}

function textsIn(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(asObject(value) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
