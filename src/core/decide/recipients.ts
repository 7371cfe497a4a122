/** Which containers receive the secrets. */
import { isInjected } from '../additions/injected-objects.ts';
import { type Container, isMeshProxy, type Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import type { EarlierPass } from './earlier-pass.ts';

/** Containers that a suggestion is chosen from. No readable pod has more. */
const MOST_SUGGESTED = 100;

/** The containers of a group, as an annotation names them. */
export interface Wanted {
  /** Names as written; undefined for the default set, `*` to include init containers. */
  readonly containers: readonly string[] | '*' | undefined;
  /** The annotation that names them. */
  readonly subject: string;
}

/** Finds the receiving containers of a pod. What all groups need is computed once. */
export class Recipients {
  readonly #pod: Pod;
  readonly #earlier: EarlierPass;
  /** In the pod's order, without the injected containers. */
  readonly #all: readonly Container[];
  readonly #places = new Map<Container, number>();
  readonly #byName = new Map<string, Container>();

  constructor(pod: Pod, earlier: EarlierPass) {
    this.#pod = pod;
    this.#earlier = earlier;
    this.#all = [...pod.initContainers.filter((one) => !isInjected(one)), ...pod.containers];
    for (const [place, container] of this.#all.entries()) {
      this.#places.set(container, place);
      if (!this.#byName.has(container.name)) this.#byName.set(container.name, container);
    }
  }

  /**
   * The receiving containers of a group, in the pod's order, so that the order of names in an annotation does not matter.
   * Containers that other webhooks added after an earlier pass receive secrets only when an annotation names them.
   */
  of({ containers, subject }: Wanted, findings: Findings): readonly Container[] {
    if (containers !== undefined && containers !== '*') return this.#named(containers, subject, findings);
    const { fetcher, fetcherIndex } = this.#earlier;
    const candidates =
      containers === '*'
        ? this.#all.filter((one) => one.list === 'containers' || one.index >= fetcherIndex)
        : this.#pod.containers;
    const receiving = candidates.filter(
      (one) => !isMeshProxy(one) && (fetcher === undefined || fetcher.receivers.has(one.name)),
    );
    if (receiving.length === 0) findings.add(noRecipient(subject));
    return receiving;
  }

  #named(names: readonly string[], subject: string, findings: Findings): readonly Container[] {
    const receiving = new Set<Container>();
    for (const name of names) {
      const container = this.#byName.get(name);
      if (container === undefined) findings.add(() => unknown(name, this.#all, subject));
      else if (container.list === 'initContainers' && container.index < this.#earlier.fetcherIndex)
        findings.add(() => tooEarly(name, subject));
      else receiving.add(container);
    }
    const place = (container: Container): number => this.#places.get(container) ?? 0;
    return [...receiving].sort((one, other) => place(one) - place(other));
  }
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
  return {
    code: 'CONTAINER_UNKNOWN',
    subject,
    wrong: `the pod has no container ${quote(name)}`,
    get expected() {
      const known = all.slice(0, MOST_SUGGESTED).map((one) => one.name);
      const match = nearest(name, known);
      const list = known.slice(0, 10).map((one) => quote(one));
      return match === undefined ? `use one of ${list.join(', ')}` : `did you mean ${quote(match)}?`;
    },
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
