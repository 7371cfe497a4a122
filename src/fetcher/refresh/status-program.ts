/**
 * The program of the probes: `refresh-status started` or `refresh-status fresh`. It reads a file in the volume, so it works
 * whatever the network of the pod allows. A probe runs every few seconds, so it loads nothing else.
 */
import path from 'node:path';
import { asArray, field, textField } from '../../core/json.ts';
import { isViewVolume, VIEWS_DIRECTORY } from '../../core/names/volume-layout.ts';
import { PLAN_VARIABLE } from '../../core/plan/plan.ts';
import { readRoot } from '../../runtime/root.ts';
import { isInState, monotonicNow, statusFile } from '../files/status-file.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Sets the exit code: 0 if the sidecar is in the state. @param argv the state, and `--root DIRECTORY` outside a container */
export function runProgram([state, ...rest]: readonly string[], variables: Variables): void {
  const root = readRoot(rest);
  const volume = firstVolume(variables[PLAN_VARIABLE]);
  const isKnown = state === 'started' || state === 'fresh';
  if (!isKnown || root === undefined || volume === undefined) {
    process.exitCode = 2;
    return;
  }
  const file = statusFile({ views: [{ volume }] }, path.join(root, VIEWS_DIRECTORY));
  process.exitCode = isInState(file, state, monotonicNow()) ? 0 : 1;
}

/** The volume of the first view of a plan, which the sidecar has read before. */
function firstVolume(plan: string | undefined): string | undefined {
  try {
    const [view] = asArray(field(JSON.parse(plan ?? ''), 'views')) ?? [];
    const volume = textField(view, 'volume');
    return volume !== undefined && isViewVolume(volume) ? volume : undefined;
  } catch {
    return undefined;
  }
}

if (require.main === module) runProgram(process.argv.slice(2), process.env);
