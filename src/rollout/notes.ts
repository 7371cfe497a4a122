/** What Events and log lines say about decisions. */
import { parseArn } from '../core/names/arn.ts';
import { PAUSED_KEY, VERSIONS_KEY } from '../core/names/rollout-keys.ts';
import { secretOfKey } from '../core/plan/version-map.ts';
import type { Change, Decision, WaitReason } from './decide/decide.ts';
import type { Note } from './effects.ts';

/** @returns undefined for bookkeeping that changes nothing about the workload */
export function noteOf(decision: Decision, isDryRun: boolean): Note | undefined {
  switch (decision.kind) {
    case 'settle':
      return decision.why === 'first-seen'
        ? undefined
        : {
            type: 'Normal',
            reason: 'SecretRestartHeld',
            text: `Not restarted for ${keysText([...decision.versions.keys()])}: somebody changed the annotation ${VERSIONS_KEY}, such as a rollback. The next version restarts it`,
          };
    case 'record':
      return {
        type: 'Normal',
        reason: isDryRun ? 'SecretVersionsDryRun' : 'SecretVersionsPinned',
        text: `${isDryRun ? 'Dry run: would record' : 'Recording'} the versions of ${keysText([...decision.versions.keys()])} in the pod template`,
      };
    case 'restart':
      return {
        type: 'Normal',
        reason: isDryRun ? 'SecretRestartDryRun' : 'SecretRestart',
        text: `${isDryRun ? 'Dry run: would restart' : 'Restarting'}: ${changesText(decision.changes)}`,
      };
    case 'wait':
      return {
        type: decision.reason === 'on-delete' || decision.reason === 'version-unknown' ? 'Warning' : 'Normal',
        reason: 'SecretRestartWaiting',
        text: `${WAITS[decision.reason]}${decision.changes.length === 0 ? '' : `: ${changesText(decision.changes)}`}`,
      };
  }
}

const WAITS: Readonly<Record<WaitReason, string>> = {
  'version-unknown':
    'Waiting for DescribeSecret: the versions of all secrets must be known before they are pinned',
  'paused-by-annotation': `Waiting until the annotation ${PAUSED_KEY} is removed`,
  'workload-paused': 'Waiting until the workload is resumed (spec.paused)',
  'on-delete': 'Not restarted, because its update strategy is OnDelete; delete its pods',
  rolling: 'Waiting until the rollout that is in progress is complete',
  delay: 'Waiting for further changes',
  window: 'Waiting for the maintenance window',
  'disruption-budget': 'Waiting for a PodDisruptionBudget of its pods',
  'at-once': 'Waiting for other restarts in the cluster to complete',
  'at-once-per-namespace': 'Waiting for other restarts in the namespace to complete',
  'per-hour': 'Waiting: the number of restarts in an hour is used up in the cluster',
  'per-hour-per-namespace': 'Waiting: the number of restarts in an hour is used up in the namespace',
};

const MOST_NAMED = 3;

function changesText(changes: readonly Change[]): string {
  const named = changes.slice(0, MOST_NAMED).map(({ key, to }) => `${secretName(key)} has version ${to}`);
  const more = changes.length - named.length;
  return named.join(', ') + (more > 0 ? `, and ${more} more` : '');
}

function keysText(keys: readonly string[]): string {
  const more = keys.length - MOST_NAMED;
  return keys.slice(0, MOST_NAMED).map(secretName).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** The name of a secret, and its staging label if it is another one than AWSCURRENT. */
export function secretName(key: string): string {
  const { arn, stage } = secretOfKey(key);
  const parsed = parseArn(arn, 'arn');
  const name = parsed.ok ? parsed.value.name : arn;
  return stage === 'AWSCURRENT' ? name : `${name} (${stage})`;
}
