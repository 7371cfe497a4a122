/** The user and group of the fetcher, and the file mode that only the receiving containers can read. */
import type { Options } from '../annotations/options.ts';
import { field, integerField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import type { FileMode } from '../plan/file-mode.ts';
import type { PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import { type Container, effectiveId, type Pod } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';

/** The user and group `nonroot` of distroless images, for pods that set no IDs. */
const NONROOT = 65532;

export interface RunAs {
  /** Undefined under OpenShift, which assigns IDs from the range of the namespace. */
  readonly user: number | undefined;
  readonly group: number | undefined;
}

/** The IDs of the fetcher, from all receiving containers. */
export function runAsOf(pod: Pod, receiving: readonly Container[], options: Options): RunAs {
  const underOpenShift = field(pod.annotations, 'openshift.io/scc') !== undefined;
  const sharedUser = sharedId(pod, receiving, 'runAsUser');
  const sharedGroup = sharedId(pod, receiving, 'runAsGroup');
  const user = options.runAsUser ?? (underOpenShift ? undefined : sharedUser || NONROOT);
  const group = options.runAsGroup ?? (underOpenShift ? undefined : sharedGroup || NONROOT);
  return { user, group };
}

/** The mode of the files of a view. @param user of the fetcher, which owns the files */
export function fileModeFor(
  pod: Pod,
  receiving: readonly Container[],
  user: number | undefined,
): ComputedMode {
  if (user !== undefined && user === sharedId(pod, receiving, 'runAsUser')) return '0400';
  // With fsGroup, kubelet makes that group the owner of the volume and a supplementary group of every container.
  return integerField(field(pod.spec, 'securityContext'), 'fsGroup') === undefined ? '0444' : '0440';
}

/** A mode for each way in which the application reads files: as their owner, by their group, or as anybody. */
export type ComputedMode = '0400' | '0440' | '0444';

export function isComputedMode(mode: string | undefined): mode is ComputedMode {
  return mode !== undefined && Object.hasOwn(READABLE, mode);
}

const READABLE: Readonly<Record<ComputedMode, number>> = { '0400': 0o400, '0440': 0o040, '0444': 0o004 };

/**
 * Written modes that hide files from the containers that receive them.
 * @param viewMode the computed mode
 * @param written the annotation `file-mode`
 */
export function fileModeProblems(
  { files, filesFrom }: Pick<PlanView, 'files' | 'filesFrom'>,
  viewMode: ComputedMode,
  written: FileMode | undefined,
): readonly Problem[] {
  const check = (subject: string, mode: FileMode | undefined): readonly Problem[] =>
    mode === undefined || (Number.parseInt(mode, 8) & READABLE[viewMode]) !== 0
      ? []
      : [unreadable(subject, mode, viewMode)];
  return [
    ...check(annotationKey('file-mode'), written),
    ...files.flatMap((file) => check(subjectOf.files(file), file.mode)),
    ...filesFrom.flatMap((entry) => check(subjectOf.filesFrom(entry), entry.mode)),
  ];
}

function unreadable(subject: string, mode: FileMode, viewMode: ComputedMode): Problem {
  return {
    code: 'FILE_MODE_UNREADABLE',
    subject: printable(subject),
    wrong: `the application could not read a file with mode ${quote(mode)}, because another user owns it`,
    expected: `remove the mode (the default is ${viewMode}), or set the same runAsUser for all containers`,
  };
}

/** The ID that all containers share, or undefined. */
function sharedId(
  pod: Pod,
  containers: readonly Container[],
  id: 'runAsUser' | 'runAsGroup',
): number | undefined {
  const [first, ...others] = containers.map((container) => effectiveId(pod, container, id));
  return others.every((one) => one === first) ? first : undefined;
}
