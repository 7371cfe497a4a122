import { answerAssumeRole } from './assume-role.ts';
import { AwsError } from './aws-error.ts';
import type { EventBus } from './events.ts';
import { cannedReply, secretsError, stsError } from './fault-answers.ts';
import type { Fault } from './faults.ts';
import type { Incoming } from './incoming.ts';
import { type SecretsOperation, SQS_OPERATIONS, secretsOperation } from './operations.ts';
import { errorReply, type Reply, sqsReply } from './reply.ts';
import type { Role } from './roles.ts';
import type { Rotations } from './rotation.ts';
import type { SecretStore } from './secrets.ts';
import { deniedError } from './secrets-access.ts';
import { validateSecretsInput } from './secrets-input.ts';
import { answerSecrets } from './secrets-operations.ts';
import type { Session } from './sessions.ts';
import { verifySignature } from './sigv4.ts';
import { answerSqs, deniedByPolicy } from './sqs/operations.ts';
import type { Queue } from './sqs/queue.ts';
import type { Queues } from './sqs/queues.ts';
import { answerSts, type StsState } from './sts.ts';

export interface ServiceState extends StsState {
  readonly secrets: SecretStore;
  readonly rotations: Rotations;
  readonly events: EventBus;
  readonly queues: Queues;
  readonly urlOf: (queue: Queue) => string;
}

/**
 * Creates the response to a request, errors included.
 *
 * @param gone aborts when the client disconnects or the fake stops, so that nobody waits for a message
 */
export async function answer(
  incoming: Incoming,
  fault: Fault | undefined,
  state: ServiceState,
  gone: AbortSignal,
): Promise<Reply> {
  const canned = cannedReply(fault, incoming.service);
  if (canned !== undefined) return canned;
  try {
    switch (incoming.service) {
      case 'sts':
        return await signIn(incoming, fault, state);
      case 'sqs':
        return await useQueue(incoming, fault, state, gone);
      case 'secretsmanager':
        return useSecret(incoming, fault, state);
    }
  } catch (error) {
    if (error instanceof AwsError) return errorReply(incoming.service, error);
    throw error;
  }
}

function signIn(incoming: Incoming, fault: Fault | undefined, state: ServiceState): Promise<Reply> {
  const error = stsError(fault);
  if (error !== undefined) throw error;
  return incoming.operation === 'AssumeRole'
    ? Promise.resolve(answerAssumeRole(incoming, state))
    : answerSts(incoming.form, state);
}

function useSecret(incoming: Incoming, fault: Fault | undefined, state: ServiceState): Reply {
  const session = verifySignature(incoming, 'secretsmanager', state.sessions, state.now());
  if (incoming.method !== 'POST' || incoming.path !== '/')
    throw new AwsError('UnknownOperationException', '', 404);
  if (incoming.headers['content-type'] !== 'application/x-amz-json-1.1') {
    throw new AwsError('UnknownOperationException', '', 404);
  }
  const operation: SecretsOperation | undefined = secretsOperation(incoming.operation ?? '');
  if (operation === undefined) throw new AwsError('UnknownOperationException', '');
  if (incoming.input === undefined) throw new AwsError('SerializationException', '');
  validateSecretsInput(operation, incoming.input);
  if (fault?.kind === 'expiredToken') throw secretsError(fault);
  const role = roleOf(session, state);
  const caller = {
    role,
    sessionName: session.sessionName,
    region: incoming.region ?? '',
    store: state.secrets,
    rotations: state.rotations,
    events: state.events,
    now: state.now,
  };
  return answerSecrets(operation, incoming.input, {
    ...caller,
    trouble: (secretId, action) => {
      if (fault === undefined || (fault.secretId !== undefined && fault.secretId !== secretId)) return;
      const error = fault.kind === 'denied' ? deniedError(caller, action, secretId) : secretsError(fault);
      if (error !== undefined) throw error;
    },
  });
}

async function useQueue(
  incoming: Incoming,
  fault: Fault | undefined,
  state: ServiceState,
  gone: AbortSignal,
): Promise<Reply> {
  const session = verifySignature(incoming, 'sqs', state.sessions, state.now());
  const operation = SQS_OPERATIONS.find((name) => name === incoming.operation);
  const isJson = incoming.headers['content-type'] === 'application/x-amz-json-1.0';
  if (incoming.method !== 'POST' || !isJson || operation === undefined)
    throw new AwsError('UnknownOperationException', '', 404);
  if (incoming.queueInput === undefined) throw new AwsError('SerializationException', '');
  if (fault?.kind === 'expiredToken') throw secretsError(fault);
  const role = roleOf(session, state);
  const caller = {
    role,
    sessionName: session.sessionName,
    region: incoming.region ?? '',
    queues: state.queues,
    urlOf: state.urlOf,
    gone,
  };
  if (fault?.kind === 'denied') throw deniedByPolicy(operation, '*', caller);
  return sqsReply(200, await answerSqs(operation, incoming.queueInput, caller));
}

function roleOf(session: Session, state: ServiceState): Role {
  const role = state.roles.get(session.roleArn);
  // The role was deleted before its session ended.
  if (role === undefined)
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  return role;
}
