/** The action `signal` of `on-change`. */
import { constants } from 'node:os';
import type { Signal, SignalAction } from '../../core/plan/refresh.ts';
import { quote } from '../../core/problems/quote.ts';
import type { LookProblem } from './messages.ts';
import { mainProcessOf } from './processes.ts';

/** Signals that programs handle to end. Without a handler they end the program too, and kubelet starts it again. */
const ENDING: ReadonlySet<Signal> = new Set(['TERM', 'INT', 'QUIT']);

/**
 * Sends the signal to the main process of the container.
 * @param subject the action, for the problem
 * @param swappedAt when the files were replaced, in milliseconds since boot: a later process has read the new ones
 */
export function sendSignal(
  { signal, container }: SignalAction,
  subject: string,
  swappedAt: number | undefined,
): LookProblem | undefined {
  const found = mainProcessOf(container);
  if (found === undefined)
    return {
      code: 'CHANGE_PROCESS_MISSING',
      subject,
      wrong: `no process of container ${container} is visible`,
      expected: 'the pod must set shareProcessNamespace: true, and the container must be running',
    };
  if (swappedAt !== undefined && found.startedAt > swappedAt) return undefined;
  const program = `${quote(found.name)} (process ${found.pid})`;
  const isHandled = (found.handled & (1n << BigInt(constants.signals[`SIG${signal}`] - 1))) !== 0n;
  if (!isHandled && !ENDING.has(signal))
    return {
      code: 'CHANGE_SIGNAL_UNHANDLED',
      subject,
      wrong: `${program}, the main process of container ${container}, does not handle SIG${signal}`,
      expected: 'start the program with exec if a shell starts it, or use a signal that it handles',
    };
  try {
    process.kill(found.pid, `SIG${signal}`);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      code: code === 'EPERM' ? 'CHANGE_SIGNAL_DENIED' : 'CHANGE_PROCESS_MISSING',
      subject,
      wrong: `the signal could not be sent to ${program} of container ${container} (${code ?? 'unknown error'})`,
      expected:
        code === 'EPERM'
          ? `run container ${container} as the user of the sidecar, or set run-as-user to the user of the container`
          : 'the container must be running',
    };
  }
}
