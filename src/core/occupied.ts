/** What of the pod is in the way of our mounts. */
import { annotationKey } from './annotations.ts';
import { FETCHER_NAME, VIEW_VOLUME } from './injected-objects.ts';
import { textField } from './json.ts';
import { conflict } from './ours.ts';
import { covers } from './paths.ts';
import type { Container, Pod } from './pod.ts';
import type { Problem } from './problems.ts';
import { quote } from './quote.ts';

/** Mounts and volumes that are in the way of ours. */
export function occupiedNames(
  pod: Pod,
  receiving: readonly Container[],
  mountPath: string,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const container of receiving) {
    for (const mount of container.mounts) {
      const path = textField(mount, 'mountPath') ?? '';
      if (textField(mount, 'name') !== VIEW_VOLUME && covers(mountPath, path)) {
        problems.push({
          code: 'MOUNT_PATH_TAKEN',
          subject: annotationKey('mount-path'),
          wrong: `container ${quote(container.name)} already mounts something at ${quote(path)}, which a mount at ${quote(mountPath)} would hide`,
          expected: 'choose a directory of its own',
        });
      }
    }
  }
  for (const container of [...pod.containers, ...pod.initContainers]) {
    if (container.name === FETCHER_NAME) continue;
    const mount = container.mounts.find((one) => textField(one, 'name') === VIEW_VOLUME);
    if (mount === undefined) continue;
    const subject = `${container.list}[${container.index}].volumeMounts`;
    if (!receiving.includes(container))
      problems.push(conflict(subject, 'is mounted by a container that does not receive the secrets'));
    else if (textField(mount, 'mountPath') !== mountPath)
      problems.push(conflict(subject, `is mounted elsewhere than at ${quote(mountPath)}`));
  }
  return problems;
}
