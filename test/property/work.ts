/**
 * Counts the work of a function instead of its time: executed blocks of the core and of the packages that it uses, as V8
 * counts them for coverage, and elements that built-in searches visit.
 */
import { Session } from 'node:inspector/promises';

const COUNTED = /\/src\/core\/|\/node_modules\/(?:js-yaml|zod|mustache|@jmespath-community)\//;

interface Searching {
  readonly length: number;
}

/** Built-ins whose cost depends on the length of what they search or move. */
const SEARCHES: readonly (readonly [object, string])[] = [
  ...['includes', 'indexOf', 'lastIndexOf', 'splice', 'unshift'].map(
    (name) => [Array.prototype, name] as const,
  ),
  ...['includes', 'indexOf', 'lastIndexOf'].map((name) => [String.prototype, name] as const),
];

export class WorkCounter {
  readonly #session = new Session();

  static async start(): Promise<WorkCounter> {
    const counter = new WorkCounter();
    counter.#session.connect();
    await counter.#session.post('Profiler.enable');
    await counter.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return counter;
  }

  /** The work of one call. */
  async count(run: () => void): Promise<number> {
    // Taking the coverage resets the counts.
    await this.#session.post('Profiler.takePreciseCoverage');
    const searched = countSearches(run);
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const blocks = result
      .filter(({ url }) => COUNTED.test(url))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
      .reduce((sum, count) => sum + count, 0);
    return blocks + searched;
  }

  async stop(): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}

/** Elements that indexOf visits: from where it starts to what it finds. */
function visited(length: number, from: unknown, found: unknown): number {
  const start = typeof from === 'number' ? from : 0;
  return (typeof found === 'number' && found >= 0 ? found : length) - start + 1;
}

function countSearches(run: () => void): number {
  let searched = 0;
  const originals = SEARCHES.map(([prototype, name]) => {
    const original = Object.getOwnPropertyDescriptor(prototype, name);
    const method = original?.value as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      ...original,
      value: function (this: Searching, ...args: unknown[]) {
        const result = method.apply(this, args);
        searched += name === 'indexOf' ? visited(this.length, args[1], result) : this.length;
        return result;
      },
    });
    return () => original !== undefined && Object.defineProperty(prototype, name, original);
  });
  try {
    run();
  } finally {
    for (const restore of originals) restore();
  }
  return searched;
}
