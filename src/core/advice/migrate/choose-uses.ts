import { formatDuration } from '../../duration.ts';
import { annotationKey } from '../../names/annotation-keys.ts';
import { quote } from '../../problems/quote.ts';
import type { Request } from './form-text.ts';
import type { Identity } from './model.ts';
import type { Gap, ObjectReport } from './report.ts';
import type { Use } from './use.ts';
import { mountPathGap } from './volume-uses.ts';

const DEFAULT_MOUNT_PATH = '/run/secrets/aws';

/** The uses that are migrated, and what they need. */
export interface Chosen {
  readonly used: readonly Use[];
  readonly requests: readonly { readonly request: Request; readonly container: string }[];
  readonly options: Readonly<Record<string, string>>;
}

/** Decides which uses are migrated, and reports all. @param annotations of the pod */
export function chooseUses(
  uses: readonly Use[],
  annotations: Readonly<Record<string, unknown>>,
  report: ObjectReport,
  movesFiles: boolean,
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
    const own = use.supplies.length === 0 ? [{}] : use.supplies.map((supply) => supply.identity);
    const isForeign = own.some((one) => JSON.stringify(one) !== JSON.stringify(identity ?? own[0]));
    if (!('requests' in moved)) report.notCarried(use.field, moved.problem);
    else if (isForeign)
      report.notCarried(use.field, {
        why: 'another store of this pod uses another role, and the injector assumes one role for each pod',
        instead: 'set --own-identity, and give the role of the pod access to both',
      });
    else {
      identity ??= own[0];
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
