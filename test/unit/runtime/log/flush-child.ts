/** Logs more than a pipe takes, flushes, and exits. */
import { makeLogger } from '../../../../src/runtime/log/logger.ts';

const log = makeLogger('info');
for (let line = 0; line < 5_000; line += 1) log.info('x'.repeat(100));
// Waits until the parent has closed its end of the pipe.
process.stdin.once('data', () => {
  log.flush();
  process.exit(0);
});
