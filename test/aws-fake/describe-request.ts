import type { FaultTarget } from './faults.ts';
import type { Incoming } from './incoming.ts';
import type { OpenRequest, StandInRequest } from './request-log.ts';
import { readTags } from './session-tags.ts';
import type { Sessions } from './sessions.ts';

/** The properties of a request that select a fault. */
export function targetOf({ operation, region, input }: Incoming): FaultTarget {
  const secretIds = input?.secretIds ?? (input?.secretId === undefined ? [] : [input.secretId]);
  return { operation, region, secretIds };
}

/** The log entry of a request before its response. */
export function describeRequest(
  incoming: Incoming,
  sessions: Sessions,
  seen: Pick<StandInRequest, 'connection' | 'concurrent' | 'fault'>,
): OpenRequest {
  const { input, form, operation, region } = incoming;
  const session = sessions.find(incoming.accessKeyId ?? '');
  const duration = form.get('DurationSeconds');
  return {
    ...seen,
    operation,
    region,
    secretId: input?.secretId,
    secretIds: input?.secretIds ?? [],
    versionId: input?.versionId,
    versionStage: input?.versionStage,
    // A request to assume a role shows that role, not the role of the caller.
    roleArn: form.get('RoleArn') ?? session?.roleArn,
    sessionName: form.get('RoleSessionName') ?? session?.sessionName,
    externalId: form.get('ExternalId') ?? undefined,
    tags: readTags(form),
    durationSeconds: duration === null ? undefined : Number(duration),
    userAgent: incoming.headers['user-agent'],
    startedAt: performance.now(),
    status: undefined,
    errorCode: undefined,
    finishedAt: undefined,
  };
}
