/** Whose user the fetcher runs as, and which mode lets the receivers, and nobody else, read its files. */
import { field, integerField, type JsonObject } from './json.ts';
import type { Options } from './options.ts';
import type { FileMode } from './plan.ts';
import { type Container, effectiveId, type Pod } from './pod.ts';

/** The user and group of distroless images' `nonroot`, used when the pod does not say whose files these are. */
const NONROOT = 65532;

export interface Identity {
  /** Undefined under OpenShift, whose admission assigns ids of the namespace's range. */
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly fileMode: FileMode;
}

/** Decides ids and file mode from the containers that receive files. */
export function fetcherIdentity(pod: Pod, recipients: readonly Container[], options: Options): Identity {
  const underOpenShift = field(pod.annotations, 'openshift.io/scc') !== undefined;
  const sharedUser = sharedId(pod, recipients, 'runAsUser');
  const sharedGroup = sharedId(pod, recipients, 'runAsGroup');
  const user = options.runAsUser ?? (underOpenShift ? undefined : sharedUser || NONROOT);
  const group = options.runAsGroup ?? (underOpenShift ? undefined : sharedGroup || NONROOT);
  return { user, group, fileMode: fileModeFor(pod, user !== undefined && user === sharedUser) };
}

function fileModeFor(pod: Pod, sameUser: boolean): FileMode {
  if (sameUser) return '0400';
  // With fsGroup kubelet makes that group the owner of the volume and a supplementary group of every container.
  return integerField(field(pod.spec, 'securityContext'), 'fsGroup') === undefined ? '0444' : '0440';
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
