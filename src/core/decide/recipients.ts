/** Which containers receive the secrets. */
import { isInjected } from '../additions/injected-objects.ts';
import { type Container, isMeshProxy, type Pod } from '../pod/pod.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';

/** Whom a group of references is for, as an annotation says it. */
export interface Wanted {
  /** Names as written; undefined for the default set, `*` for init containers too. */
  readonly containers: readonly string[] | '*' | undefined;
  /** Where it is said. */
  readonly subject: string;
}

/**
 * The receiving containers.
 * @param recorded names that an earlier pass recorded: containers that came later receive only when named
 * @param fetcherIndex where in the list of init containers the fetcher stands or will stand
 */
export function recipientsOf(
  pod: Pod,
  { containers, subject }: Wanted,
  recorded: ReadonlySet<string> | undefined,
  fetcherIndex: number,
  problems: Problem[],
): readonly Container[] {
  const initContainers = pod.initContainers.filter((container) => !isInjected(container));
  const all = [...initContainers, ...pod.containers];
  if (containers !== undefined && containers !== '*') {
    return namedContainers(containers, subject, all, fetcherIndex, problems);
  }
  const candidates =
    containers === '*'
      ? all.filter((container) => container.list === 'containers' || container.index >= fetcherIndex)
      : pod.containers;
  const receiving = candidates.filter(
    (container) => !isMeshProxy(container) && (recorded === undefined || recorded.has(container.name)),
  );
  if (receiving.length === 0) {
    problems.push({
      code: 'CONTAINERS_EMPTY',
      subject,
      wrong: 'no container of the pod would receive the secrets',
      expected: 'name the ones that should',
    });
  }
  return receiving;
}

function namedContainers(
  names: readonly string[],
  subject: string,
  all: readonly Container[],
  fetcherIndex: number,
  problems: Problem[],
): readonly Container[] {
  const receiving: Container[] = [];
  for (const name of names) {
    const container = all.find((one) => one.name === name);
    if (container === undefined) {
      const known = all.map((one) => one.name);
      const match = nearest(name, known);
      problems.push({
        code: 'CONTAINER_UNKNOWN',
        subject,
        wrong: `the pod has no container ${quote(name)}`,
        expected:
          match === undefined
            ? `it has ${known
                .slice(0, 10)
                .map((one) => quote(one))
                .join(', ')}`
            : `did you mean ${quote(match)}?`,
      });
    } else if (container.list === 'initContainers' && container.index < fetcherIndex) {
      problems.push({
        code: 'CONTAINER_TOO_EARLY',
        subject,
        wrong: `${quote(name)} runs before the secrets are fetched`,
        expected: 'leave it out: it belongs to a mesh proxy that has to start first',
      });
    } else {
      receiving.push(container);
    }
  }
  // In the pod's order, so that the order of names in the annotation means nothing.
  return all.filter((container) => receiving.includes(container));
}
