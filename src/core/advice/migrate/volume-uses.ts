/** Volumes with the files of other tools, as requests. */
import { asArray, field, textField } from '../../json.ts';
import { filePathFault, mountPathProblem } from '../../names/paths.ts';
import type { Path } from '../../pod/pod-templates.ts';
import { quote } from '../../problems/quote.ts';
import { ok, type Result } from '../../problems/result.ts';
import type { Request } from './form-text.ts';
import { gap, type Supply, valueOfKey } from './model.ts';
import type { Gap, ObjectReport } from './report.ts';
import type { ContainerPlace, Sources, Use, VolumeFiles } from './use.ts';

/** The volumes of a pod that have the files of other tools. */
export function volumeUses(
  pod: unknown,
  containers: readonly ContainerPlace[],
  sources: Sources,
): readonly Use[] {
  return (asArray(field(field(pod, 'spec'), 'volumes')) ?? []).flatMap((volume, index): readonly Use[] => {
    const files = filesOf(volume, sources);
    if (files === undefined) return [];
    const name = textField(volume, 'name') ?? '';
    const mounts = mountsOf(containers, name);
    const problem = mountProblem(mounts);
    const use = {
      field: `volume ${name}`,
      removes: [['spec', 'volumes', index], ...mounts.map(({ path }) => path)],
      containers: [...new Set(mounts.map(({ container }) => container))],
    };
    if (!files.ok) return [{ ...use, supplies: [], requests: files }];
    const { supplies, requests, refresh } = files.value;
    if (problem !== undefined)
      return [
        { ...use, supplies, requests: { ok: false, problem }, volumeOf: volumeOfClass(volume, supplies) },
      ];
    const mount = { path: mounts[0]?.mountPath ?? '', volume: name };
    const volumeOf = volumeOfClass(volume, supplies);
    return [{ ...use, supplies, requests: ok(requests), mount, refresh, volumeOf }];
  });
}

function volumeOfClass(volume: unknown, supplies: readonly Supply[]): string | undefined {
  return field(volume, 'csi') === undefined ? undefined : supplies[0]?.report.object;
}

interface Mount {
  readonly path: Path;
  readonly container: string;
  readonly mountPath: string;
  readonly isPart: boolean;
}

function mountsOf(containers: readonly ContainerPlace[], volume: string): readonly Mount[] {
  return containers.flatMap(({ path, name, json }) =>
    (asArray(field(json, 'volumeMounts')) ?? []).flatMap((mount, index) =>
      textField(mount, 'name') === volume
        ? [
            {
              path: [...path, 'volumeMounts', index],
              container: name,
              mountPath: (textField(mount, 'mountPath') ?? '').replace(/(?<=.)\/+$/, ''),
              isPart: [textField(mount, 'subPath'), textField(mount, 'subPathExpr')].some(
                (part) => (part ?? '') !== '',
              ),
            },
          ]
        : [],
    ),
  );
}

function mountProblem(mounts: readonly Mount[]): Gap | undefined {
  const paths = new Set(mounts.map(({ mountPath }) => mountPath));
  if (mounts.length === 0) return { why: 'no container mounts the volume', instead: 'remove the volume' };
  if (mounts.some(({ isPart }) => isPart))
    return {
      why: 'the injector mounts a directory, and the volume is mounted with subPath',
      instead: 'mount the whole volume into a directory of its own, and read the file there',
    };
  return paths.size > 1
    ? {
        why: `containers mount the volume at ${[...paths].join(' and ')}, and the injector has one mount path for each pod`,
        instead: 'mount it at the same path in all containers',
      }
    : undefined;
}

/** Why the injector cannot mount at a path. */
export function mountPathGap(path: string): Gap | undefined {
  const problem = mountPathProblem(path, '');
  return problem === undefined
    ? undefined
    : {
        why: problem.wrong,
        instead: 'set --move-files, and let the application read the files from the new path',
      };
}

function filesOf(volume: unknown, sources: Sources): Result<VolumeFiles, Gap> | undefined {
  const other = sources.volume(volume);
  if (other !== undefined) return other;
  const secret = field(volume, 'secret');
  const projected = asArray(field(field(volume, 'projected'), 'sources'));
  if (secret !== undefined) return secretFiles(secret, textField(secret, 'secretName') ?? '', sources);
  const parts = projected?.map((source) => {
    const part = field(source, 'secret');
    return part === undefined ? undefined : secretFiles(part, textField(part, 'name') ?? '', sources);
  });
  if (parts === undefined || parts.every((part) => part === undefined)) return undefined;
  const files: VolumeFiles[] = [];
  for (const part of parts) {
    if (part === undefined)
      return gap('the volume projects other objects as well', 'put the Secret into a volume of its own');
    if (!part.ok) return part;
    files.push(part.value);
  }
  const refreshes = files.flatMap(({ refresh }) => refresh ?? []);
  return ok({
    supplies: files.flatMap(({ supplies }) => supplies),
    requests: files.flatMap(({ requests }) => requests),
    refresh: refreshes.length === 0 ? undefined : Math.min(...refreshes),
  });
}

/** The files of a Secret in a volume. */
function secretFiles(source: unknown, name: string, sources: Sources): Result<VolumeFiles, Gap> | undefined {
  const supply = sources.secret(name);
  if (supply === undefined) return undefined;
  const isOptional = field(source, 'optional') === true;
  const items = asArray(field(source, 'items'));
  const wanted =
    items?.map((item) => ({ key: textField(item, 'key') ?? '', path: textField(item, 'path') ?? '' })) ??
    [...supply.named.keys()].map((key) => ({ key, path: key }));
  const requests: Request[] = [];
  for (const { key, path } of wanted) {
    const value = valueOfKey(supply, key);
    if (!value.ok) return value;
    const fault = filePathFault(path);
    if (fault !== undefined)
      return gap(`the file name ${quote(path)} ${fault}`, 'give the file another name');
    requests.push({ kind: 'file', path, value: value.value, isOptional });
  }
  if (items === undefined && supply.others !== undefined) return { ok: false, problem: supply.others };
  if (items === undefined && supply.spreads.length > 1)
    return gap('the files come from the keys of several secrets', 'list the keys in items of the volume');
  for (const spread of items === undefined ? supply.spreads : []) {
    if (!spread.ok) return spread;
    if (spread.value.prefix !== '' || spread.value.letterCase !== 'keep')
      return gap('the injector names files of all keys by the keys', 'list the keys in items of the volume');
    requests.push({ kind: 'file-from', directory: '', spread: spread.value, isOptional });
  }
  return ok({ supplies: [supply], requests, refresh: supply.refresh });
}

/** Reports modes that are not carried. */
export function reportModes(pod: unknown, report: ObjectReport, volumes: ReadonlySet<string>): void {
  for (const volume of asArray(field(field(pod, 'spec'), 'volumes')) ?? []) {
    const name = textField(volume, 'name') ?? '';
    const source = field(volume, 'secret') ?? field(volume, 'projected');
    if (!volumes.has(name) || source === undefined) continue;
    const hasModes = JSON.stringify(source).match(/"(?:defaultMode|mode)":/) !== null;
    if (hasModes)
      report.changed(
        `volume ${name}, modes`,
        'the injector computes modes that the application can read; the annotation file-mode sets another one',
      );
  }
}
