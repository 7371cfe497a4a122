/** How a pod uses the objects of other tools: its variables and volumes, as requests. */
import { asArray, field, textField } from '../../json.ts';
import { isEnvName } from '../../names/env-names.ts';
import { filePathFault, mountPathProblem } from '../../names/paths.ts';
import type { Path } from '../../pod/pod-templates.ts';
import { quote } from '../../problems/quote.ts';
import { ok, type Result } from '../../problems/result.ts';
import type { Request } from './form-text.ts';
import { gap, type Supply, type Value, valueOfKey } from './model.ts';
import type { Gap, ObjectReport } from './report.ts';

/** Files that a volume has. */
export interface VolumeFiles {
  readonly supplies: readonly Supply[];
  /** What is requested, with paths relative to the mount. */
  readonly requests: readonly Request[];
  readonly refresh: number | undefined;
}

/** A use, and what migrates it. */
export interface Use {
  /** Where it is, for people. */
  readonly field: string;
  /** What to remove from the pod. */
  readonly removes: readonly Path[];
  readonly containers: readonly string[];
  readonly supplies: readonly Supply[];
  readonly requests: Result<readonly Request[], Gap>;
  /** For files: where they are mounted, and the name of the volume. */
  readonly mount?: { readonly path: string; readonly volume: string };
  readonly refresh?: number | undefined;
  /** The class whose volume it is: as long as a pod mounts it, its Secrets exist. */
  readonly volumeOf?: string | undefined;
  /** What is different, besides the place of files. */
  readonly changed?: string;
}

/** Finds what the volumes and variables of a pod use. */
export interface Sources {
  /** The Secret of a name, if a tool makes it. */
  readonly secret: (name: string) => Supply | undefined;
  /** The files of a volume that is not a Secret. @returns undefined if no tool provides it */
  readonly volume: (volume: unknown) => Result<VolumeFiles, Gap> | undefined;
}

interface ContainerPlace {
  readonly path: Path;
  readonly name: string;
  readonly json: unknown;
}

export function containersOf(pod: unknown): readonly ContainerPlace[] {
  const spec = field(pod, 'spec');
  return ['initContainers', 'containers'].flatMap((list) =>
    (asArray(field(spec, list)) ?? []).map((json, index) => ({
      path: ['spec', list, index],
      name: textField(json, 'name') ?? '',
      json,
    })),
  );
}

/** All uses, in the order of the pod. */
export function usesOf(pod: unknown, sources: Sources): readonly Use[] {
  const containers = containersOf(pod);
  return [
    ...containers.flatMap((container) => [
      ...envUses(container, sources),
      ...envFromUses(container, sources),
    ]),
    ...volumeUses(pod, containers, sources),
  ];
}

function envUses({ path, name, json }: ContainerPlace, sources: Sources): readonly Use[] {
  return (asArray(field(json, 'env')) ?? []).flatMap((item, index): readonly Use[] => {
    const reference = field(field(item, 'valueFrom'), 'secretKeyRef');
    const secretName = textField(reference, 'name') ?? '';
    const supply = sources.secret(secretName);
    if (reference === undefined || supply === undefined) return [];
    const variable = textField(item, 'name') ?? '';
    const value = valueOfKey(supply, textField(reference, 'key') ?? '', secretName);
    const isOptional = field(reference, 'optional') === true;
    return [
      {
        field: `container ${name}, env ${variable}`,
        removes: [[...path, 'env', index]],
        containers: [name],
        supplies: [supply],
        requests: value.ok ? variableRequest(variable, value.value, isOptional) : value,
      },
    ];
  });
}

function variableRequest(name: string, value: Value, isOptional: boolean): Result<readonly Request[], Gap> {
  if (!isEnvName(name))
    return gap(`${quote(name)} is not a name that every shell accepts`, 'rename the variable');
  if (value.template !== undefined || value.pem !== undefined)
    return gap(
      'the injector makes files from templates and PEM bundles, not variables',
      'read it from a file',
    );
  return ok([{ kind: 'env', name, value, isOptional }]);
}

function envFromUses({ path, name, json }: ContainerPlace, sources: Sources): readonly Use[] {
  const items = asArray(field(json, 'envFrom')) ?? [];
  // A variable of the container wins over one of envFrom, and in envFrom the last one wins.
  const taken = new Set((asArray(field(json, 'env')) ?? []).map((item) => textField(item, 'name') ?? ''));
  const uses: Use[] = [];
  /** What later elements can contain as well. */
  const later = { unknown: false, spread: false };
  for (const [index, item] of [...items.entries()].toReversed()) {
    const reference = field(item, 'secretRef');
    const secretName = textField(reference, 'name') ?? '';
    const supply = reference === undefined ? undefined : sources.secret(secretName);
    if (supply === undefined) {
      later.unknown = true;
      continue;
    }
    const from = {
      prefix: textField(item, 'prefix') ?? '',
      isOptional: field(reference, 'optional') === true,
      skips: taken.size > 0 || supply.spreads.length > 1 || items.length > 1,
    };
    uses.push({
      field: `container ${name}, envFrom ${secretName}`,
      removes: [[...path, 'envFrom', index]],
      containers: [name],
      supplies: [supply],
      requests: allVariables(supply, from, taken),
      ...orderChange(later, supply),
    });
    for (const key of supply.named.keys()) taken.add(from.prefix + key);
    if (supply.spreads.length > 0) later.spread = true;
  }
  return uses;
}

/** In Kubernetes, a later element of `envFrom` wins. */
function orderChange(
  later: { readonly unknown: boolean; readonly spread: boolean },
  { named }: Supply,
): Pick<Use, 'changed'> {
  if (later.unknown)
    return { changed: 'its variables win over those of later elements of envFrom, which stay in the pod' };
  return later.spread && named.size > 0
    ? { changed: 'its variables win over keys of the same name in a later element of envFrom' }
    : {};
}

interface EnvFrom {
  readonly prefix: string;
  readonly isOptional: boolean;
  /** Whether other variables can have the same names. */
  readonly skips: boolean;
}

/** @param taken names that take precedence */
function allVariables(
  supply: Supply,
  { prefix, isOptional, skips }: EnvFrom,
  taken: ReadonlySet<string>,
): Result<readonly Request[], Gap> {
  const requests: Request[] = [];
  for (const [key, value] of supply.named) {
    const name = prefix + key;
    if (taken.has(name)) continue;
    const request = value.ok ? variableRequest(name, value.value, isOptional) : value;
    if (!request.ok) return request;
    requests.push(...request.value);
  }
  if (supply.others !== undefined) return { ok: false, problem: supply.others };
  for (const spread of supply.spreads.toReversed()) {
    if (!spread.ok) return spread;
    const whole = prefix + spread.value.prefix;
    if (whole !== '' && !isEnvName(whole))
      return gap(
        `the prefix ${quote(whole)} cannot start a variable`,
        'request each key in the annotation secrets',
      );
    requests.push({ kind: 'env-from', spread: spread.value, prefix, skips, isOptional });
  }
  return ok(requests);
}

function volumeUses(pod: unknown, containers: readonly ContainerPlace[], sources: Sources): readonly Use[] {
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
    const value = valueOfKey(supply, key, name);
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
