/** Reports of the controller as log lines and metrics. */
import type { Logger } from '../runtime/log/logger.ts';
import type { Reports } from './controller.ts';
import { nameOf, type Workload } from './decide/workload.ts';
import type { RolloutMetrics } from './metrics.ts';
import { noteOf } from './notes.ts';

/** Secrets whose failures are known at a time. */
const MOST_FAILING = 1000;

export function makeReports(log: Logger, metrics: RolloutMetrics, isDryRun: boolean): Reports {
  const failing = new Map<string, string>();
  return {
    described(result, code, arn) {
      metrics.countDescribe(result);
      if (result === 'found') failing.delete(arn);
      else if (failing.get(arn) !== code) {
        if (failing.size < MOST_FAILING) failing.set(arn, code);
        log.warn('DescribeSecret failed', { name: arn, problem: code });
      }
    },
    message(result, count) {
      metrics.countMessage(result, count);
      const isBad = result !== 'change' && result !== 'known' && result !== 'not-requested';
      if (isBad) log.warn('a message of the queue was deleted', { reason: result });
      else log.debug('a message of the queue', { reason: result });
    },
    decided(decision, isNew) {
      if (!isNew) return;
      const text = noteOf(decision, isDryRun)?.text;
      const fields = { ...subject(decision.workload), outcome: decision.kind };
      if (decision.kind === 'wait') {
        metrics.countWait(decision.reason);
        log.info(text ?? '', { ...fields, reason: decision.reason });
      } else if (text !== undefined) log.info(text, fields);
      else log.debug('versions settled', fields);
    },
    written(decision, result) {
      metrics.countWrite(decision.kind, result);
      const fields = { ...subject(decision.workload), outcome: decision.kind, reason: result };
      if (result === 'denied')
        log.error('the service account may not change this workload (manifests/components/rollout)', fields);
      else if (result === 'rejected' || result === 'unknown') log.warn('a write failed', fields);
      else log.debug('a write', fields);
    },
    pending: (reasons, oldest) => metrics.setWaiting(reasons, oldest / 1000),
    podsUnknown(workload) {
      metrics.countFailure('pods');
      log.warn('the pods cannot be listed, so their versions are unknown', subject(workload));
    },
  };
}

function subject(workload: Workload): { readonly namespace: string; readonly name: string } {
  return { namespace: workload.namespace, name: nameOf(workload) };
}
