/** What a tool that reads annotations of pods does for a pod. */
import { asObject, field } from '../../../json.ts';
import type { Path } from '../../../pod/pod-templates.ts';
import type { Replaced } from '../migrate-pod.ts';
import type { MigrateOptions } from '../options.ts';
import type { ObjectReport } from '../report.ts';
import type { Use } from '../use.ts';

export interface ReadingPod {
  readonly pod: unknown;
  readonly namespace: string;
  readonly report: ObjectReport;
  readonly options: MigrateOptions;
  /** The text of a key of a ConfigMap of the namespace, if the manifests contain it. */
  readonly configMapText: (name: string, key: string) => string | undefined;
}

/** What a tool does for a pod. */
export interface PodTool extends Replaced {
  readonly uses: readonly Use[];
}

export const NO_TOOL: PodTool = { uses: [], removes: [], options: {} };

/** The annotations of a pod with a prefix, without it. */
export function annotationsOf(pod: unknown, prefix: string): ReadonlyMap<string, string> {
  const all = Object.entries(asObject(field(field(pod, 'metadata'), 'annotations')) ?? {});
  return new Map(
    all.flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), String(value)] as const] : [],
    ),
  );
}

export function annotationPath(key: string): Path {
  return ['metadata', 'annotations', key];
}
