/** Which containers receive the secrets. */
import { isInjected } from '../additions/injected-objects.ts';
import { type Container, isMeshProxy, type Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import type { EarlierPass } from './earlier-pass.ts';

/** The containers of a group, as an annotation names them. */
export interface Wanted {
  /** Names as written; undefined for the default set, `*` to include init containers. */
  readonly containers: readonly string[] | '*' | undefined;
  /** The annotation that names them. */
  readonly subject: string;
}

/**
 * The receiving containers, in the pod's order. Containers that other webhooks added after an earlier pass receive
 * secrets only when an annotation names them.
 */
export function recipientsOf(
  pod: Pod,
  { containers, subject }: Wanted,
  { fetcher, fetcherIndex }: EarlierPass,
  findings: Findings,
): readonly Container[] {
  const initContainers = pod.initContainers.filter((container) => !isInjected(container));
  const all = [...initContainers, ...pod.containers];
  if (containers !== undefined && containers !== '*')
    return namedContainers({ containers, subject }, all, fetcherIndex, findings);
  const candidates =
    containers === '*'
      ? all.filter((container) => container.list === 'containers' || container.index >= fetcherIndex)
      : pod.containers;
  const receiving = candidates.filter(
    (container) =>
      !isMeshProxy(container) && (fetcher === undefined || fetcher.receivers.has(container.name)),
  );
  if (receiving.length === 0) findings.add(noRecipient(subject));
  return receiving;
}

function namedContainers(
  { containers, subject }: { readonly containers: readonly string[]; readonly subject: string },
  all: readonly Container[],
  fetcherIndex: number,
  findings: Findings,
): readonly Container[] {
  const receiving: Container[] = [];
  for (const name of containers) {
    const container = all.find((one) => one.name === name);
    if (container === undefined) findings.add(unknown(name, all, subject));
    else if (container.list === 'initContainers' && container.index < fetcherIndex)
      findings.add(tooEarly(name, subject));
    else receiving.push(container);
  }
  // In the pod's order, so that the order of names in the annotation does not matter.
  return all.filter((container) => receiving.includes(container));
}

function noRecipient(subject: string): Problem {
  return {
    code: 'CONTAINERS_EMPTY',
    subject,
    wrong: 'no container of the pod would receive the secrets',
    expected: 'name at least one container',
  };
}

function unknown(name: string, all: readonly Container[], subject: string): Problem {
  const known = all.map((one) => one.name);
  const match = nearest(name, known);
  const list = known.slice(0, 10).map((one) => quote(one));
  return {
    code: 'CONTAINER_UNKNOWN',
    subject,
    wrong: `the pod has no container ${quote(name)}`,
    expected: match === undefined ? `use one of ${list.join(', ')}` : `did you mean ${quote(match)}?`,
  };
}

function tooEarly(name: string, subject: string): Problem {
  return {
    code: 'CONTAINER_TOO_EARLY',
    subject,
    wrong: `container ${quote(name)} runs before the secrets are fetched`,
    expected: 'remove it from the list; a mesh proxy has to start before the fetcher',
  };
}
