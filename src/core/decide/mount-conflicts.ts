/** Mounts and variables of the pod that conflict with the volumes of views. */
import { isInjected } from '../additions/injected-objects.ts';
import { field, textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { covers } from '../names/paths.ts';
import { isViewVolume } from '../names/volume-layout.ts';
import type { Container, Pod } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { nameConflict } from './earlier-pass.ts';
import type { View } from './views.ts';

const PARTS = ['subPath', 'subPathExpr'];

/** Mounts that the mount of a view would hide, and uses of a view's volume that the injector would not write. */
export function mountConflicts(pod: Pod, views: readonly View[], mountPath: string): readonly Problem[] {
  const problems: Problem[] = [];
  for (const { volume, containers } of views) {
    for (const container of containers) {
      for (const mount of container.mounts) {
        const path = textField(mount, 'mountPath') ?? '';
        if (textField(mount, 'name') !== volume && covers(mountPath, path))
          problems.push(pathTaken(container, path, mountPath));
      }
    }
  }
  for (const container of [...pod.containers, ...pod.initContainers]) {
    if (!isInjected(container)) problems.push(...volumeConflicts(container, views, mountPath));
  }
  return problems;
}

function volumeConflicts(
  container: Container,
  views: readonly View[],
  mountPath: string,
): readonly Problem[] {
  const problems: Problem[] = [];
  const subject = `${container.list}[${container.index}]`;
  for (const mount of container.mounts) {
    const volume = textField(mount, 'name') ?? '';
    if (!isViewVolume(volume)) continue;
    const wrong = mountConflict(container, mount, views, mountPath);
    if (wrong !== undefined)
      problems.push(nameConflict(`${subject}.volumeMounts`, `volume ${volume} (a reserved name) ${wrong}`));
  }
  for (const entry of container.env) {
    const volume = textField(field(field(entry, 'valueFrom'), 'fileKeyRef'), 'volumeName') ?? '';
    if (!isViewVolume(volume) || receives(container, volume, views)) continue;
    const wrong = `volume ${volume} (a reserved name) provides a variable to container ${quote(container.name)}, which does not receive the secrets`;
    problems.push(nameConflict(`${subject}.env`, wrong));
  }
  return problems;
}

function mountConflict(
  container: Container,
  mount: Container['mounts'][number],
  views: readonly View[],
  mountPath: string,
): string | undefined {
  if (!receives(container, textField(mount, 'name') ?? '', views))
    return `is mounted in container ${quote(container.name)}, which does not receive the secrets`;
  if (textField(mount, 'mountPath') !== mountPath) return `is not mounted at ${quote(mountPath)}`;
  if (mount['readOnly'] !== true) return 'is not mounted read-only';
  return PARTS.some((name) => textField(mount, name)) ? 'is mounted with a subPath' : undefined;
}

function receives(container: Container, volume: string, views: readonly View[]): boolean {
  return views.find((one) => one.volume === volume)?.containers.includes(container) === true;
}

function pathTaken(container: Container, path: string, mountPath: string): Problem {
  return {
    code: 'MOUNT_PATH_TAKEN',
    subject: annotationKey('mount-path'),
    wrong: `container ${quote(container.name)} has a mount at ${quote(path)}, which a mount at ${quote(mountPath)} would hide`,
    expected: 'use another directory',
  };
}
