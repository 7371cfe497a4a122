/** The calls in a CPU profile as a tree of frames. */
import type { CallFrame, CpuProfile, ProfileNode, Window } from '../cpu-profile.ts';
import { type Kind, kindOf } from './kinds.ts';

/** A function, as it was called by the frame above it in the tree. */
export interface Frame {
  readonly name: string;
  /** A file of the project, a package, or a module of Node.js; empty if it is not JavaScript. */
  readonly source: string;
  readonly kind: Kind;
  /** Samples in the function itself. */
  readonly self: number;
  /** Samples in the function and in what it called. */
  readonly total: number;
  /** The one with the most samples first. */
  readonly children: readonly Frame[];
}

/** Finds where a function was written. */
export type Locate = (frame: CallFrame) => { readonly name: string; readonly source: string };

const IDLE = '(idle)';

/**
 * @param isGathered a function whose calls become one frame on the root, wherever they come from
 * @returns the root, with what the process did in the window while it was not idle
 */
export function callTree(
  profile: CpuProfile,
  { from, to }: Window,
  locate: Locate,
  isGathered: (found: ReturnType<Locate>) => boolean = () => false,
): Frame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const samples = new Map<number, number>();
  let time = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    time += profile.timeDeltas[index] ?? 0;
    if (time >= from && time <= to) samples.set(id, (samples.get(id) ?? 0) + 1);
  }
  const [root] = profile.nodes;
  if (root === undefined) throw new Error('the profile is empty');
  const gathered = new Set(profile.nodes.filter(({ callFrame }) => isGathered(locate(callFrame))));
  return frameOf(root.callFrame, [root], 'program');

  /** V8 has several nodes for a function that was called from several places of another one. */
  function frameOf(callFrame: CallFrame, same: readonly ProfileNode[], kindOfCaller: Kind): Frame {
    const { name, source } = locate(callFrame);
    const kind = kindOf(callFrame, source) ?? kindOfCaller;
    const called = same
      .flatMap(({ children = [] }) => children)
      .flatMap((id) => nodes.get(id) ?? [])
      .filter((node) => node.callFrame.functionName !== IDLE && !gathered.has(node));
    const all = callFrame === root?.callFrame ? [...called, ...gathered] : called;
    const children = [...Map.groupBy(all, (node) => keyOf(node.callFrame)).values()]
      .flatMap((group) => (group[0] === undefined ? [] : frameOf(group[0].callFrame, group, kind)))
      .filter(({ total }) => total > 0)
      .toSorted((a, b) => b.total - a.total);
    const self = same.reduce((sum, { id }) => sum + (samples.get(id) ?? 0), 0);
    return {
      name,
      source,
      kind,
      self,
      total: children.reduce((sum, { total }) => sum + total, self),
      children,
    };
  }
}

function keyOf({ functionName, url, lineNumber, columnNumber }: CallFrame): string {
  return [functionName, url, lineNumber, columnNumber].join();
}
