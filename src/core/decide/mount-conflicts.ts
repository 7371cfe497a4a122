/** Mounts and variables of the pod that conflict with the volumes of views. */
import { isInjected, NO_API_VOLUME } from '../additions/injected-objects.ts';
import { field, textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { comparablePath, covers } from '../names/paths.ts';
import { isViewVolume } from '../names/volume-layout.ts';
import type { Container, Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { nameConflict } from './earlier-pass.ts';
import type { View } from './views.ts';

const PARTS = ['subPath', 'subPathExpr'];

/** The volume of the view that each container receives. A container receives one view at most. */
type Volumes = ReadonlyMap<Container, string>;

/** Adds volumes with the names of the injected in-memory volumes that are something else. */
export function checkVolumeNames(pod: Pod, views: readonly View[], findings: Findings): void {
  const reserved = new Set<unknown>([...views.map(({ volume }) => volume), NO_API_VOLUME]);
  for (const [index, volume] of pod.volumes.entries()) {
    if (!reserved.has(volume['name']) || textField(field(volume, 'emptyDir'), 'medium') === 'Memory')
      continue;
    const wrong = `volume ${String(volume['name'])} (a reserved name) is not an in-memory volume`;
    findings.add(nameConflict(`volumes[${index}]`, wrong));
  }
}

/** Adds mounts that the mount of a view would hide, and uses of a view's volume that the injector would not write. */
export function checkMounts(pod: Pod, views: readonly View[], mountPath: string, findings: Findings): void {
  const volumes = new Map<Container, string>();
  for (const { volume, containers } of views) {
    for (const container of containers) volumes.set(container, volume);
  }
  for (const { volume, containers } of views) {
    for (const container of containers) {
      for (const mount of container.mounts) {
        const path = textField(mount, 'mountPath') ?? '';
        if (textField(mount, 'name') !== volume && covers(mountPath, path))
          findings.add(() => pathTaken(container, path, mountPath));
      }
    }
  }
  for (const container of [...pod.containers, ...pod.initContainers]) {
    if (!isInjected(container)) checkVolumes(container, volumes, mountPath, findings);
  }
}

function checkVolumes(container: Container, volumes: Volumes, mountPath: string, findings: Findings): void {
  const subject = `${container.list}[${container.index}]`;
  for (const mount of container.mounts) {
    const volume = textField(mount, 'name') ?? '';
    if (!isViewVolume(volume)) continue;
    const wrong = mountConflict(container, mount, volumes, mountPath);
    if (wrong !== undefined)
      findings.add(() =>
        nameConflict(`${subject}.volumeMounts`, `volume ${volume} (a reserved name) ${wrong}`),
      );
  }
  for (const entry of container.env) {
    const volume = textField(field(field(entry, 'valueFrom'), 'fileKeyRef'), 'volumeName') ?? '';
    if (!isViewVolume(volume) || volumes.get(container) === volume) continue;
    findings.add(() => {
      const wrong = `volume ${volume} (a reserved name) provides a variable to container ${quote(container.name)}, which does not receive the secrets`;
      return nameConflict(`${subject}.env`, wrong);
    });
  }
}

function mountConflict(
  container: Container,
  mount: Container['mounts'][number],
  volumes: Volumes,
  mountPath: string,
): string | undefined {
  if (volumes.get(container) !== textField(mount, 'name'))
    return `is mounted in container ${quote(container.name)}, which does not receive the secrets`;
  if (comparablePath(textField(mount, 'mountPath') ?? '') !== comparablePath(mountPath))
    return `is not mounted at ${quote(mountPath)}`;
  if (mount['readOnly'] !== true) return 'is not mounted read-only';
  return PARTS.some((name) => textField(mount, name)) ? 'is mounted with a subPath' : undefined;
}

function pathTaken(container: Container, path: string, mountPath: string): Problem {
  return {
    code: 'MOUNT_PATH_TAKEN',
    subject: annotationKey('mount-path'),
    wrong: `container ${quote(container.name)} has a mount at ${quote(path)}, which a mount at ${quote(mountPath)} would hide`,
    expected: 'use another directory',
  };
}
