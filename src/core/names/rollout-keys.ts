/**
 * The annotations of the rollout controller. They have a prefix of their own: what the controller writes is no request, and
 * the guard's rules for requests do not apply to it.
 */
import { PREFIX } from './prefix.ts';

const ROLLOUT_PREFIX = `rollout.${PREFIX}`;

/** Set by users on a workload: `true` or `false` instead of what follows from its pod template. */
export const RESTART_KEY = `${ROLLOUT_PREFIX}restart`;
/** Set by users on a workload: `true` keeps restarts back until it is removed. */
export const PAUSED_KEY = `${ROLLOUT_PREFIX}paused`;
/** Written by the controller: the versions with which the pods were started. In the pod template; of an Argo Rollout on itself. */
export const VERSIONS_KEY = `${ROLLOUT_PREFIX}versions`;
/** Written by the controller on a workload: versions for which it is not restarted. */
export const SETTLED_KEY = `${ROLLOUT_PREFIX}settled`;
/** Written by the controller on a workload: when it was last restarted, and in the hour before. */
export const RESTARTS_KEY = `${ROLLOUT_PREFIX}restarts`;

/** What `kubectl rollout restart` writes into the pod template. */
export const RESTARTED_AT_KEY = 'kubectl.kubernetes.io/restartedAt';
