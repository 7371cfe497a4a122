/**
 * The record of actions that are due: written before files are replaced, and removed when the actions have succeeded. A
 * process that is killed in between leaves it to the next one, so that no action is lost. An action can be repeated.
 */
import fs from 'node:fs';
import path from 'node:path';
import { asArray, field } from '../../core/json.ts';
import { DUE_ACTIONS_FILE } from '../../core/names/volume-layout.ts';
import { type Plan, receiverNames } from '../../core/plan/plan.ts';
import type { ChangeAction } from '../../core/plan/refresh.ts';
import { readState, writeState } from './state-file.ts';

/** What is due. */
export interface Due {
  /** Indices of actions in the plan. */
  readonly actions: readonly number[];
  /** When the last swap had ended, in milliseconds since the boot of the node; undefined if that is not known. */
  readonly swappedAt: number | undefined;
}

export class DueActions {
  readonly #plan: Plan;
  readonly #file: string;

  constructor(plan: Plan, viewsDirectory: string) {
    this.#plan = plan;
    this.#file = path.join(viewsDirectory, plan.views[0]?.volume ?? '', DUE_ACTIONS_FILE);
  }

  get #all(): readonly ChangeAction[] {
    return this.#plan.refresh?.onChange ?? [];
  }

  /** Records the actions that follow a change of these volumes. @throws the error of the system */
  add(volumes: readonly string[]): void {
    const changed = new Set(volumes);
    const affected = [...this.#all.keys()].filter((index) => this.#isAffected(this.#all[index], changed));
    const actions = new Set([...this.read().actions, ...affected]);
    if (actions.size > 0) this.#write([...actions], undefined);
  }

  /** What is due. A record that cannot be read stands for all actions. */
  read(): Due {
    const state = readState(this.#file);
    if (state === undefined) return { actions: [], swappedAt: undefined };
    const indices = asArray(field(state, 'actions'));
    const swappedAt = field(state, 'swappedAt');
    const isKnown = (index: unknown): index is number =>
      Number.isInteger(index) && this.#all[index as number] !== undefined;
    return {
      actions: indices?.every(isKnown) === true ? indices : [...this.#all.keys()],
      swappedAt: typeof swappedAt === 'number' ? swappedAt : undefined,
    };
  }

  /** Records what is left. @throws the error of the system */
  keep({ actions, swappedAt }: Due): void {
    if (actions.length > 0) this.#write(actions, swappedAt);
    else fs.rmSync(this.#file, { force: true });
  }

  #write(actions: readonly number[], swappedAt: number | undefined): void {
    writeState(this.#file, { actions: [...actions].sort((one, other) => one - other), swappedAt });
  }

  #isAffected(action: ChangeAction | undefined, volumes: ReadonlySet<string>): boolean {
    if (action === undefined) return false;
    if ('url' in action) return true;
    if ('touch' in action) return volumes.has(this.#plan.views[action.view]?.volume ?? '');
    return this.#plan.views.some(
      ({ volume, receivers }) => volumes.has(volume) && receiverNames(receivers).includes(action.container),
    );
  }
}
