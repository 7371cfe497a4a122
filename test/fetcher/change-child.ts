/**
 * One look that finds a new version, with the action that follows, as a process that a test can end at any step. Arguments:
 * the directory of the volumes, the URL of the action.
 */
import { RetryLog } from '../../src/aws/calls/retry-log.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import { DueActions } from '../../src/fetcher/files/due-actions.ts';
import { performDue } from '../../src/fetcher/refresh/change-actions.ts';
import { look } from '../../src/fetcher/refresh/look.ts';
import { idOf, MemorySecrets } from './memory-secrets.ts';
import { arnOf, viewOf } from './plans.ts';
import { readOf } from './sidecar.ts';
import { virtualTime } from './virtual-clock.ts';

const ARN = arnOf('shop/db');

/** A plan with one file, and a URL to call after a change. */
export function changePlan(url: string): Plan {
  return {
    version: 1,
    timeoutSeconds: 20,
    secrets: [{ arn: ARN }],
    views: [viewOf({ files: [{ path: 'value', secret: 0 }] })],
    refresh: { seconds: 30, check: 'describe', onChange: [{ url }] },
  };
}

/** Looks at a secret that has this value, and performs what is due. @returns whether something is still due */
export async function change(viewsDirectory: string, url: string, value: string): Promise<boolean> {
  const plan = changePlan(url);
  const aws = new MemorySecrets();
  aws.put(ARN, value, value);
  const { clock, deadline } = virtualTime(20);
  await look(readOf(plan), {
    session: aws.session([ARN]),
    retries: { clock, deadline, log: new RetryLog(() => undefined) },
    ...{ engines: {}, viewsDirectory, check: 'describe', delivered: [{ id: idOf('before') }] },
  });
  const { due } = await performDue(plan, viewsDirectory, new DueActions(plan, viewsDirectory));
  return due.actions.length > 0;
}

const [folder, url] = process.argv.slice(2);
if (import.meta.main && folder !== undefined && url !== undefined) {
  await change(folder, url, 'new');
  process.exit();
}
