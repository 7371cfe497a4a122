/** Explains why a pod has no node yet. */
import { type Explanation, kubectl, type Place } from './diagnosis.ts';

/** @param message of the scheduler, such as `0/3 nodes are available: 3 Insufficient cpu.` */
export function explainScheduling(message: string, place: Place): Explanation {
  const lacking = [...new Set([...message.matchAll(/Insufficient ([\w./-]+)/g)].map(([, one]) => one ?? ''))];
  if (lacking.length === 0)
    return {
      what: 'no node fits the pod',
      next: [
        'Follow the message: selectors, taints, affinity or volumes.',
        kubectl(place, `describe pod ${place.name}`),
      ],
    };
  return {
    what: `no node has enough ${lacking.join(' and ')}; of the init containers, only the largest counts`,
    next: [
      'Add nodes, or lower the requests of the pod. If the injected container is the largest, set the annotations cpu-request and memory-request.',
      'kubectl describe nodes',
    ],
  };
}
