/** How a pod uses the objects of other tools. */
import { containersOf, type Sources, type Use } from './use.ts';
import { variableUses } from './variable-uses.ts';
import { volumeUses } from './volume-uses.ts';

/** All uses, in the order of the pod. */
export function usesOf(pod: unknown, sources: Sources): readonly Use[] {
  const containers = containersOf(pod);
  return [
    ...containers.flatMap((container) => variableUses(container, sources)),
    ...volumeUses(pod, containers, sources),
  ];
}
