/** Replaces what a pod gets from other tools by annotations. */

import { decide } from '../../decide/decide.ts';
import { formatDuration } from '../../duration.ts';
import { asObject, field } from '../../json.ts';
import { annotationKey, FORM } from '../../names/annotation-keys.ts';
import { isMeshProxyName } from '../../pod/pod.ts';
import type { Path } from '../../pod/pod-templates.ts';
import { quote } from '../../problems/quote.ts';
import type { InjectionSettings } from '../../settings.ts';
import { annotationsFor, type Placed, type Request } from './form-text.ts';
import type { Identity } from './model.ts';
import { withoutPaths } from './pod-edits.ts';
import { containersOf, mountPathGap, reportModes, type Use } from './pod-uses.ts';
import type { Gap, ObjectReport } from './report.ts';

export interface PodChange {
  readonly annotations: Readonly<Record<string, string>>;
  /** From the pod. */
  readonly removes: readonly Path[];
}

export interface PodOptions {
  readonly namespace: string;
  readonly settings: InjectionSettings;
  /** Whether files may get another path. */
  readonly movesFiles: boolean;
}

/** Annotations that a tool had, and options that stand for them. */
export interface Replaced {
  readonly removes: readonly Path[];
  readonly options: Readonly<Record<string, string>>;
}

const DEFAULT_MOUNT_PATH = '/run/secrets/aws';

/** @param replaced what else goes if anything is migrated @returns undefined if the pod stays as it is */
export function migratePod(
  pod: unknown,
  uses: readonly Use[],
  replaced: Replaced,
  report: ObjectReport,
  options: PodOptions,
): PodChange | undefined {
  if (uses.length === 0) return undefined;
  const annotations = asObject(field(field(pod, 'metadata'), 'annotations')) ?? {};
  if (Object.hasOwn(annotations, annotationKey(FORM))) {
    report.notCarried('', {
      why: 'the pod has the annotation secrets already',
      instead: 'move its entries to short annotations, migrate, and merge the entries',
    });
    return undefined;
  }
  const migrated = chooseUses(uses, annotations, report, options);
  if (migrated.used.length === 0) return undefined;
  const change: PodChange = {
    annotations: {
      ...migrated.options,
      ...replaced.options,
      ...annotationsFor(placed(migrated.requests, pod)),
    },
    removes: [...migrated.used.flatMap(({ removes }) => removes), ...replaced.removes],
  };
  const conflict = Object.keys(change.annotations).find((key) => Object.hasOwn(annotations, key));
  const problems = conflict === undefined ? refusals(pod, change, options) : [alreadySet(conflict)];
  if (problems.length > 0) {
    report.leave({
      why: `the webhook would deny the pod: ${problems.map(({ why }) => why).join('; ')}`,
      instead: problems.map(({ instead }) => instead).join('; '),
    });
    return undefined;
  }
  reportModes(pod, report, new Set(migrated.used.flatMap(({ mount }) => mount?.volume ?? [])));
  return change;
}

function alreadySet(key: string): Gap {
  return {
    why: `it sets the annotation ${key} already`,
    instead: 'remove the annotation, and migrate again',
  };
}

interface Chosen {
  readonly used: readonly Use[];
  readonly requests: readonly { readonly request: Request; readonly container: string }[];
  readonly options: Readonly<Record<string, string>>;
}

function chooseUses(
  uses: readonly Use[],
  annotations: Readonly<Record<string, unknown>>,
  report: ObjectReport,
  { movesFiles }: PodOptions,
): Chosen {
  const written = annotations[annotationKey('mount-path')];
  let mountPath = typeof written === 'string' ? written : undefined;
  const isUsable = ({ requests, mount }: Use) =>
    requests.ok && mount !== undefined && mountPathGap(mount.path) === undefined;
  mountPath ??= uses.find(isUsable)?.mount?.path ?? (movesFiles ? DEFAULT_MOUNT_PATH : undefined);
  let identity: Identity | undefined;
  const used: Use[] = [];
  const requests: { request: Request; container: string }[] = [];
  for (const use of uses) {
    const moved = use.requests.ok ? placeFiles(use, use.requests.value, mountPath, movesFiles) : use.requests;
    const own = use.supplies[0]?.identity;
    const isForeign =
      own !== undefined && identity !== undefined && JSON.stringify(own) !== JSON.stringify(identity);
    if (!('requests' in moved)) report.notCarried(use.field, moved.problem);
    else if (isForeign)
      report.notCarried(use.field, {
        why: 'another store of this pod uses another role, and the injector assumes one role for each pod',
        instead: 'set --own-identity, and give the role of the pod access to both',
      });
    else {
      identity ??= own;
      used.push(use);
      for (const request of moved.requests)
        for (const container of use.containers) requests.push({ request, container });
      const changes = [use.changed, moved.changed].filter((change) => change !== undefined);
      if (changes.length === 0) report.carried(use.field, describe(moved.requests));
      else report.changed(use.field, [describe(moved.requests), ...changes].join('; '));
    }
  }
  return { used, requests, options: optionsFor(used, identity, mountPath, written !== undefined) };
}

function describe(requests: readonly Request[]): string {
  return [...new Set(requests.map(describeOne))].join('; ');
}

function describeOne(request: Request): string {
  switch (request.kind) {
    case 'env': {
      const { secret, key, jmesPath } = request.value;
      const part = key === undefined ? (jmesPath ?? 'the whole value') : `key ${quote(key)}`;
      return `${part} of ${secret.arn}`;
    }
    case 'env-from':
      return `every key of ${request.spread.secret.arn}; a key that is not a valid name stops the pod, unless it is excluded`;
    case 'file':
      return `files from ${request.value.secret.arn}`;
    case 'file-from':
      return `every key of ${request.spread.secret.arn} as a file`;
  }
}

/** Where the files of a volume go. */
function placeFiles(
  { mount }: Use,
  requests: readonly Request[],
  mountPath: string | undefined,
  movesFiles: boolean,
): { readonly requests: readonly Request[]; readonly changed?: string } | { readonly problem: Gap } {
  if (mount === undefined) return { requests };
  const spreads = requests.some(({ kind }) => kind === 'file-from');
  const isSame = mount.path === mountPath && !spreads;
  if (isSame) return { requests };
  if (mountPath === undefined || !movesFiles) return { problem: placeGap(mount.path, spreads, mountPath) };
  const directory = mount.volume;
  const moved = requests.map((request): Request => {
    if (request.kind === 'file') return { ...request, path: `${directory}/${request.path}` };
    return request.kind === 'file-from' ? { ...request, directory } : request;
  });
  return {
    requests: moved,
    changed: `the files move from ${mount.path} to ${mountPath}/${directory}: change the configuration of the application`,
  };
}

function placeGap(path: string, spreads: boolean, mountPath: string | undefined): Gap {
  const own = mountPathGap(path);
  const instead =
    own?.instead ?? 'set --move-files, and let the application read the files from the new path';
  if (own !== undefined) return own;
  if (spreads)
    return {
      why: 'the injector puts the files of all keys into a directory below its mount path',
      instead: `list the keys in items of the volume, or ${instead}`,
    };
  return { why: `the injector has one mount path for each pod, which is ${mountPath} here`, instead };
}

function optionsFor(
  used: readonly Use[],
  identity: Identity | undefined,
  mountPath: string | undefined,
  isWritten: boolean,
): Readonly<Record<string, string>> {
  const hasFiles = used.some(({ mount }) => mount !== undefined);
  const refreshes = used.flatMap(({ refresh }) => refresh ?? []);
  return {
    ...(hasFiles && mountPath !== undefined && !isWritten && mountPath !== DEFAULT_MOUNT_PATH
      ? { [annotationKey('mount-path')]: mountPath }
      : {}),
    ...(refreshes.length === 0 ? {} : { [annotationKey('refresh')]: formatDuration(Math.min(...refreshes)) }),
    ...(identity?.assumeRole === undefined
      ? {}
      : { [annotationKey('assume-role-arn')]: identity.assumeRole }),
    ...(identity?.externalId === undefined ? {} : { [annotationKey('external-id')]: identity.externalId }),
  };
}

/** Equal requests of several containers become one. */
function placed(requests: Chosen['requests'], pod: unknown): readonly Placed[] {
  const receivers = new Map<string, { readonly request: Request; readonly containers: string[] }>();
  for (const { request, container } of requests) {
    const key = JSON.stringify(request);
    const known = receivers.get(key) ?? { request, containers: [] };
    if (!known.containers.includes(container)) known.containers.push(container);
    receivers.set(key, known);
  }
  const names = containersOf(pod);
  const regular = names
    .filter(({ path, name }) => path[1] === 'containers' && !isMeshProxyName(name))
    .map(({ name }) => name);
  const isDefault = (containers: readonly string[]) =>
    containers.length === regular.length && regular.every((name) => containers.includes(name));
  return [...receivers.values()].map(({ request, containers }) => ({
    request,
    containers: isDefault(containers) ? undefined : containers,
  }));
}

/** What the webhook says about the migrated pod. */
function refusals(pod: unknown, change: PodChange, { namespace, settings }: PodOptions): readonly Gap[] {
  const outcome = decide(changedPod(pod, change), namespace, settings);
  return outcome.kind === 'denied'
    ? outcome.problems.map(({ code, wrong, expected }) => ({ why: `${code}: ${wrong}`, instead: expected }))
    : [];
}

/** The pod with the change. */
export function changedPod(pod: unknown, { annotations, removes }: PodChange): unknown {
  const rest = asObject(withoutPaths(pod, removes)) ?? {};
  const metadata = asObject(rest['metadata']) ?? {};
  return {
    ...rest,
    metadata: { ...metadata, annotations: { ...asObject(metadata['annotations']), ...annotations } },
  };
}

/** The uses that stay. */
export function leftBehind(uses: readonly Use[], change: PodChange | undefined): readonly Use[] {
  const removed = new Set((change?.removes ?? []).map((path) => JSON.stringify(path)));
  return uses.filter(({ removes }) => !removes.every((path) => removed.has(JSON.stringify(path))));
}
