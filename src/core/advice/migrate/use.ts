/** Uses of other tools by a pod. */
import { asArray, field, textField } from '../../json.ts';
import type { Path } from '../../pod/pod-templates.ts';
import type { Result } from '../../problems/result.ts';
import type { Request } from './form-text.ts';
import type { Supply } from './model.ts';
import type { Gap } from './report.ts';

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

/** A container of a pod. */
export interface ContainerPlace {
  readonly path: Path;
  readonly name: string;
  readonly json: unknown;
}

/** All containers, init containers first. */
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
