/** What of the pod is in the way of our volumes, or takes from them what it does not receive. */

import { isInjected } from '../additions/injected-objects.ts';
import { field, textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { covers } from '../names/paths.ts';
import { isViewVolume } from '../names/volume-layout.ts';
import type { Container, Pod } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { conflict } from './earlier-pass.ts';
import type { View } from './views.ts';

const PARTS = ['subPath', 'subPathExpr'];

/** Mounts that are in the way of ours, and uses of our volumes that we would not write. */
export function occupiedNames(pod: Pod, views: readonly View[], mountPath: string): readonly Problem[] {
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
    if (isInjected(container)) continue;
    for (const mount of container.mounts) {
      const volume = textField(mount, 'name') ?? '';
      if (!isViewVolume(volume)) continue;
      const subject = `${container.list}[${container.index}].volumeMounts`;
      if (!receives(container, volume, views))
        problems.push(conflict(subject, 'is mounted by a container that does not receive the secrets'));
      else if (textField(mount, 'mountPath') !== mountPath)
        problems.push(conflict(subject, `is mounted elsewhere than at ${quote(mountPath)}`));
      else if (mount['readOnly'] !== true || PARTS.some((name) => textField(mount, name)))
        problems.push(conflict(subject, 'is mounted for writing, or only a part of it'));
    }
    for (const entry of container.env) {
      const volume = textField(field(field(entry, 'valueFrom'), 'fileKeyRef'), 'volumeName') ?? '';
      if (!isViewVolume(volume) || receives(container, volume, views)) continue;
      const subject = `${container.list}[${container.index}].env`;
      problems.push(conflict(subject, 'gives a variable to a container that does not receive the secrets'));
    }
  }
  return problems;
}

function receives(container: Container, volume: string, views: readonly View[]): boolean {
  return views.find((one) => one.volume === volume)?.containers.includes(container) === true;
}

function pathTaken(container: Container, path: string, mountPath: string): Problem {
  return {
    code: 'MOUNT_PATH_TAKEN',
    subject: annotationKey('mount-path'),
    wrong: `container ${quote(container.name)} already mounts something at ${quote(path)}, which a mount at ${quote(mountPath)} would hide`,
    expected: 'choose a directory of its own',
  };
}
