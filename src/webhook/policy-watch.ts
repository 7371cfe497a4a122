/** Follows the file with the operator's policy. The last valid policy stays in use. */
import type { Policy } from '../core/policy/policy.ts';
import type { Logger } from '../runtime/log/logger.ts';
import { policyReader } from '../runtime/settings/policy-file.ts';
import { FileWatch } from './file-watch.ts';
import type { Metrics } from './metrics.ts';

export interface PolicyFile {
  readonly file: string;
  readonly checkMilliseconds?: number;
}

export interface PolicyWatchParts {
  readonly use: (policy: Policy) => void;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const DEFAULT_CHECK_MILLISECONDS = 10_000;

/**
 * Reads the policy now and at intervals.
 * @throws Error if it cannot be read now: without a policy, the webhook would allow everything
 */
export function startPolicyWatch(
  { file, checkMilliseconds = DEFAULT_CHECK_MILLISECONDS }: PolicyFile,
  { use, metrics, log }: PolicyWatchParts,
): FileWatch<Policy> {
  let isLoaded = false;
  const watch = new FileWatch<Policy>({
    read: policyReader(file),
    isSame: (one, other) => one === other,
    use: (policy) => {
      isLoaded = true;
      use(policy);
      metrics.setPolicy('valid');
      log.info('policy in use', { file, rules: policy.form.rules.length });
    },
    report: (problem) => {
      metrics.setPolicy('invalid');
      log.warn('the policy cannot be used', { file, problem });
    },
    checkMilliseconds,
  });
  watch.start();
  if (isLoaded) return watch;
  watch.stop();
  throw new Error('the policy cannot be read');
}
