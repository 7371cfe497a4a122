import { answerAssumeRole } from './assume-role.ts';
import { AwsError } from './aws-error.ts';
import { cannedReply, secretsError, stsError } from './fault-answers.ts';
import type { Fault } from './faults.ts';
import type { Incoming } from './incoming.ts';
import { type SecretsOperation, secretsOperation } from './operations.ts';
import { errorReply, type Reply } from './reply.ts';
import type { SecretStore } from './secrets.ts';
import { validateSecretsInput } from './secrets-input.ts';
import { answerSecrets, deniedError } from './secrets-operations.ts';
import { verifySignature } from './sigv4.ts';
import { answerSts, type StsState } from './sts.ts';

export interface ServiceState extends StsState {
  readonly secrets: SecretStore;
}

/** Creates the response to a request, errors included. */
export async function answer(
  incoming: Incoming,
  fault: Fault | undefined,
  state: ServiceState,
): Promise<Reply> {
  const canned = cannedReply(fault, incoming.service);
  if (canned !== undefined) return canned;
  try {
    return incoming.service === 'sts'
      ? await signIn(incoming, fault, state)
      : useSecret(incoming, fault, state);
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
  const role = state.roles.get(session.roleArn);
  // The role was deleted before its session ended.
  if (role === undefined)
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  const caller = {
    role,
    sessionName: session.sessionName,
    region: incoming.region ?? '',
    store: state.secrets,
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
