/** What a dry run would have written, so that each decision is made once. */
import type { VersionMap } from '../core/plan/version-map.ts';
import type { Decision } from './decide/decide.ts';
import type { Workload } from './decide/workload.ts';

interface Written {
  readonly recorded?: VersionMap;
  readonly settled: VersionMap;
}

export class DryRun {
  readonly #written = new Map<string, Written>();

  note({ kind, workload }: Decision, versions: VersionMap): void {
    const known = this.#written.get(workload.uid);
    this.#written.set(
      workload.uid,
      kind === 'settle' ? { ...known, settled: versions } : { recorded: versions, settled: new Map() },
    );
  }

  /** The workload as it would be. */
  apply(workload: Workload): Workload {
    const written = this.#written.get(workload.uid);
    return written === undefined ? workload : { ...workload, ...written };
  }
}
