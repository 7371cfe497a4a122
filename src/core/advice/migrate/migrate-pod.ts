/** Replaces what a pod gets from other tools by annotations. */

import { decide } from '../../decide/decide.ts';
import { asObject, field } from '../../json.ts';
import { annotationKey, FORM } from '../../names/annotation-keys.ts';
import { isMeshProxyName } from '../../pod/pod.ts';
import type { Path } from '../../pod/pod-templates.ts';
import { withoutPaths } from '../../pod/without-paths.ts';
import type { InjectionSettings } from '../../settings.ts';
import { type Chosen, chooseUses } from './choose-uses.ts';
import { annotationsFor, type Placed, type Request } from './form-text.ts';
import type { Gap, ObjectReport } from './report.ts';
import { containersOf, type Use } from './use.ts';
import { reportModes } from './volume-uses.ts';

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
  const migrated = chooseUses(uses, annotations, report, options.movesFiles);
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
