/** Performs the actions of `on-change` that are due. */
import type { Plan } from '../../core/plan/plan.ts';
import type { ChangeAction } from '../../core/plan/refresh.ts';
import type { Due, DueActions } from '../files/due-actions.ts';
import { callUrl } from './call-url.ts';
import type { ActionReport, LookProblem } from './messages.ts';
import { sendSignal } from './send-signal.ts';
import { touchFile } from './touch-file.ts';

/** An action as the annotation writes it. */
export function labelOf(action: ChangeAction): string {
  if ('url' in action) return action.url;
  return 'touch' in action ? `touch:${action.touch}` : `signal:${action.signal}@${action.container}`;
}

/**
 * Performs each action that is due once, and records which are still due.
 * @param swappedAt if this process has replaced the files: when it had, in milliseconds since boot
 */
export async function performDue(
  plan: Plan,
  viewsDirectory: string,
  record: DueActions,
  swappedAt?: number,
): Promise<{ readonly actions: readonly ActionReport[]; readonly due: Due }> {
  const { actions: indices, swappedAt: recorded } = record.read();
  const since = swappedAt ?? recorded;
  const attempts = indices.flatMap((index) => {
    const action = plan.refresh?.onChange?.[index];
    return action === undefined ? [] : [attempt(action, plan, viewsDirectory, since)];
  });
  const actions = await Promise.all(attempts);
  const due = {
    actions: indices.filter((_, index) => actions[index]?.problem !== undefined),
    swappedAt: since,
  };
  return { actions, due: kept(record, due) ? due : { actions: indices, swappedAt: recorded } };
}

/** A full volume has no space for a smaller record either. The old one stays, and all of its actions are due again. */
function kept(record: DueActions, due: Due): boolean {
  try {
    record.keep(due);
    return true;
  } catch {
    return false;
  }
}

async function attempt(
  action: ChangeAction,
  plan: Plan,
  viewsDirectory: string,
  since: number | undefined,
): Promise<ActionReport> {
  const label = labelOf(action);
  return { action: label, problem: await problemOf(action, label, plan, viewsDirectory, since) };
}

async function problemOf(
  action: ChangeAction,
  label: string,
  plan: Plan,
  viewsDirectory: string,
  since: number | undefined,
): Promise<LookProblem | undefined> {
  if ('url' in action) return callUrl(action, label);
  return 'touch' in action
    ? touchFile(action, plan, viewsDirectory, label)
    : sendSignal(action, label, since);
}
