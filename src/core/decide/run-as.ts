/** Whose user the fetcher runs as, and which mode lets the receivers, and nobody else, read its files. */

import type { Options } from '../annotations/options.ts';
import { field, integerField, type JsonObject } from '../json.ts';
import type { FileMode, PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import { type Container, effectiveId, type Pod } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';

/** The user and group of distroless images' `nonroot`, used when the pod does not say whose files these are. */
const NONROOT = 65532;

export interface Identity {
  /** Undefined under OpenShift, whose admission assigns ids of the namespace's range. */
  readonly user: number | undefined;
  readonly group: number | undefined;
}

/** Decides the ids from all containers that receive something. */
export function fetcherIdentity(pod: Pod, recipients: readonly Container[], options: Options): Identity {
  const underOpenShift = field(pod.annotations, 'openshift.io/scc') !== undefined;
  const sharedUser = sharedId(pod, recipients, 'runAsUser');
  const sharedGroup = sharedId(pod, recipients, 'runAsGroup');
  const user = options.runAsUser ?? (underOpenShift ? undefined : sharedUser || NONROOT);
  const group = options.runAsGroup ?? (underOpenShift ? undefined : sharedGroup || NONROOT);
  return { user, group };
}

/** The mode of the files of a view, from the containers that receive it. */
export function fileModeFor(pod: Pod, receiving: readonly Container[], user: number | undefined): FileMode {
  if (user !== undefined && user === sharedId(pod, receiving, 'runAsUser')) return '0400';
  // With fsGroup kubelet makes that group the owner of the volume and a supplementary group of every container.
  return integerField(field(pod.spec, 'securityContext'), 'fsGroup') === undefined ? '0444' : '0440';
}

const READABLE: Readonly<Record<FileMode, number>> = { '0400': 0o400, '0440': 0o040, '0444': 0o004 };

/** Files whose own mode would keep out those who read the others in the view's mode. */
export function fileModeProblems(
  { files, filesFrom }: Pick<PlanView, 'files' | 'filesFrom'>,
  viewMode: FileMode,
): readonly Problem[] {
  const complain = (subject: string, mode: string | undefined): readonly Problem[] =>
    mode === undefined || (Number.parseInt(mode, 8) & READABLE[viewMode]) !== 0
      ? []
      : [unreadable(subject, mode, viewMode)];
  return [
    ...files.flatMap((file) => complain(subjectOf.files(file), file.mode)),
    ...filesFrom.flatMap((entry) => complain(subjectOf.filesFrom(entry), entry.mode)),
  ];
}

function unreadable(subject: string, mode: string, viewMode: FileMode): Problem {
  return {
    code: 'FILE_MODE_UNREADABLE',
    subject: printable(subject),
    wrong: `the application could not read a file of mode ${quote(mode)}, which belongs to another user`,
    expected: `leave the mode out (it would be ${viewMode}), or give the pod's containers one runAsUser`,
  };
}

/** The one id that all containers run as, or undefined. */
function sharedId(
  pod: Pod,
  containers: readonly Container[],
  id: 'runAsUser' | 'runAsGroup',
): number | undefined {
  const [first, ...others] = containers.map((container) => effectiveId(pod, container, id));
  return others.every((one) => one === first) ? first : undefined;
}

/** The whole `restricted` profile of the Pod Security Standards, and a read-only root. */
export function fetcherSecurityContext(identity: Identity): JsonObject {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ...(identity.user === undefined ? {} : { runAsUser: identity.user }),
    ...(identity.group === undefined ? {} : { runAsGroup: identity.group }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}
