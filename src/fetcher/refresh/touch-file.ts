/** The action `touch` of `on-change`. */
import fs from 'node:fs';
import path from 'node:path';
import type { Plan } from '../../core/plan/plan.ts';
import type { TouchAction } from '../../core/plan/refresh.ts';
import type { LookProblem } from './messages.ts';

/**
 * Writes the time to the file, in place: programs that watch the file, its directory, its time or its content all notice.
 * @param subject the action, for the problem
 */
export function touchFile(
  { touch, view }: TouchAction,
  { views }: Plan,
  viewsDirectory: string,
  subject: string,
): LookProblem | undefined {
  const { volume = '', fileMode = '0400' } = views[view] ?? {};
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = fs.constants;
  try {
    const file = path.join(viewsDirectory, volume, touch);
    const descriptor = fs.openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      fs.fchmodSync(descriptor, Number.parseInt(fileMode, 8));
      fs.writeSync(descriptor, `${new Date().toISOString()}\n`);
    } finally {
      fs.closeSync(descriptor);
    }
    return undefined;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    return {
      code: 'CHANGE_TOUCH_FAILED',
      subject,
      wrong: `the file could not be written (${code})`,
      expected: 'the volume must have space, and no directory may have the name of the file',
    };
  }
}
