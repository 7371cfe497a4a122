/** Which modules of Node.js a step of the fetcher loads, from CPU profiles. */
import { median } from '../../bench/median.ts';
import type { CpuProfile, ProfileNode } from '../cpu-profile.ts';
import { type Bar, type Row, type Run, stepsOf } from './steps.ts';

/** From the first to the last sample of a module and of those that it loads, as shares of a bar. */
export interface ModuleLoad extends Bar {
  readonly module: string;
  /** The name of the row, and the index of the bar in it. */
  readonly row: string;
  readonly bar: number;
}

/** In milliseconds. Shorter ones are left out. */
const SHORTEST = 1;

/** The modules that each step of a run loaded. */
export function modulesOf(run: Run, profile: CpuProfile): readonly ModuleLoad[] {
  const spans = moduleSpans(run, profile);
  return stepsOf([run], 0).rows.flatMap(({ group, name: row, bars }) =>
    (group === 'process' ? bars : []).flatMap(({ from, to }, bar) =>
      [...Map.groupBy(spans, ({ module }) => module)].flatMap(([module, all]) => {
        const inside = all.filter((span) => span.from >= from && span.to <= to);
        const [first, last] = [inside[0], inside.at(-1)];
        if (first === undefined || last === undefined) return [];
        const share = (at: number) => (at - from) / (to - from);
        return [{ module, row, bar, from: share(first.from), to: share(last.to) }];
      }),
    ),
  );
}

interface Span extends Bar {
  readonly module: string;
}

/** The samples in which a module was being loaded, in milliseconds since the start of the run. */
function moduleSpans({ startedAt }: Run, profile: CpuProfile): readonly Span[] {
  const modules = outermostModules(profile.nodes);
  let time = profile.startTime / 1000 - startedAt;
  return profile.samples.flatMap((id, index) => {
    const from = time;
    time += (profile.timeDeltas[index] ?? 0) / 1000;
    const module = modules.get(id);
    return module === undefined ? [] : [{ module, from, to: time }];
  });
}

/** The module that is being loaded at each node, if any: of modules that load each other, the first. */
function outermostModules(nodes: readonly ProfileNode[]): ReadonlyMap<number, string> {
  const modules = new Map<number, string>();
  // V8 lists callers before what they call.
  for (const { id, callFrame, children = [] } of nodes) {
    const module = modules.get(id) ?? (isModule(callFrame) ? callFrame.url : undefined);
    if (module === undefined) continue;
    modules.set(id, module);
    for (const child of children) modules.set(child, module);
  }
  return modules;
}

/** The code of a module, outside of its functions. */
function isModule({ functionName, url, lineNumber }: ProfileNode['callFrame']): boolean {
  return functionName === '' && lineNumber === 0 && /^node:(?!internal\/main\/)/.test(url);
}

/**
 * Adds rows for the modules that most of the profiled runs loaded in the same step.
 * @param rows of runs that were not slowed down by the profiler
 */
export function withModules(rows: readonly Row[], runs: readonly (readonly ModuleLoad[])[]): readonly Row[] {
  const loads = [...Map.groupBy(runs.flat(), ({ row, bar, module }) => [row, bar, module].join()).values()];
  return rows.flatMap((row) => [
    row,
    ...loads
      .filter((same) => same[0]?.row === row.name && same.length > runs.length / 2)
      .flatMap((same) => moduleRow(row, same)),
  ]);
}

/** @param same loads of a module in the same bar */
function moduleRow({ group, bars }: Row, same: readonly ModuleLoad[]): readonly Row[] {
  const [load] = same;
  const whole = bars[load?.bar ?? 0];
  if (load === undefined || whole === undefined) return [];
  const at = (shares: readonly number[]) => whole.from + median(shares) * (whole.to - whole.from);
  const [from, to] = [at(same.map((one) => one.from)), at(same.map((one) => one.to))];
  return to - from < SHORTEST ? [] : [{ group, name: `… of it ${load.module}`, bars: [{ from, to }] }];
}
