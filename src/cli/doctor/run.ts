/** Runs checks at the same time, each with a time limit. */
import { type Check, type Context, type Finding, finding } from './check.ts';

/** The result of one check. */
export interface CheckResult {
  readonly check: Check;
  readonly findings: readonly Finding[];
}

/** What runs, for the progress. */
export type Watch = (running: readonly Check[], all: number) => void;

/**
 * Runs the checks. Never rejects. @param limit of each check, in milliseconds
 * @returns their results in the order of the checks
 */
export async function runChecks(
  checks: readonly Check[],
  context: Context,
  limit: number,
  watch: Watch = () => undefined,
): Promise<readonly CheckResult[]> {
  const running = new Set(checks);
  watch([...running], checks.length);
  return await Promise.all(
    checks.map(async (check) => {
      const findings = await runCheck(check, context, limit);
      running.delete(check);
      watch([...running], checks.length);
      return { check, findings };
    }),
  );
}

async function runCheck(check: Check, context: Context, limit: number): Promise<readonly Finding[]> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(() => {
      resolve([finding('skipped', `no result within ${limit / 1000} s`)]);
      controller.abort();
    }, limit);
  });
  try {
    return await Promise.race([check.run(context, controller.signal), late]);
  } catch {
    // The message could quote an answer.
    return [finding('fail', 'internal error in this check', 'Report it with the output of --version.')];
  } finally {
    clearTimeout(timer);
  }
}
