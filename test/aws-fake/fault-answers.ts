import { AwsError } from './aws-error.ts';
import type { Fault } from './faults.ts';
import type { Service } from './operations.ts';
import { errorReply, jsonReply, type Reply } from './reply.ts';

/** The fixed response of a fault, or undefined for faults that depend on the request. */
export function cannedReply(fault: Fault | undefined, service: Service): Reply | undefined {
  switch (fault?.kind) {
    case 'throttle':
      return errorReply(service, throttled(service));
    case 'serverError':
      return errorReply(
        service,
        service === 'secretsmanager'
          ? new AwsError('InternalServiceError', 'An error occurred on the server side.', 500)
          : new AwsError('InternalFailure', 'An error occurred on the server side.', 500),
      );
    case 'unavailableHtml':
      return {
        status: 503,
        headers: { 'content-type': 'text/html' },
        body: Buffer.from(
          '<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>\n',
        ),
      };
    case 'wrongJson':
      return { ...jsonReply(200, []), body: Buffer.from(fault.body ?? '[]') };
    case 'custom':
      return { status: fault.status, headers: fault.headers ?? {}, body: Buffer.from(fault.body ?? '') };
    default:
      return undefined;
  }
}

function throttled(service: Service): AwsError {
  switch (service) {
    case 'sts':
      return new AwsError('Throttling', 'Rate exceeded');
    case 'secretsmanager':
      return new AwsError('ThrottlingException', 'Rate exceeded');
    case 'sqs':
      return new AwsError('RequestThrottled', 'Request is throttled.', 403);
  }
}

/** The STS error of a fault. */
export function stsError(fault: Fault | undefined): AwsError | undefined {
  switch (fault?.kind) {
    case 'denied':
      return new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403);
    case 'expiredToken':
      return new AwsError(
        'ExpiredTokenException',
        'Token expired: current date/time must be before the expiration date/time',
      );
    case 'invalidIdentityToken':
      return new AwsError(
        'InvalidIdentityToken',
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
      );
    case 'idpCommunicationError':
      return new AwsError('IDPCommunicationError', "Couldn't communicate with your identity provider");
    default:
      return undefined;
  }
}

/** The Secrets Manager error of a fault, except `denied`, whose message needs the caller. */
export function secretsError(fault: Fault): AwsError | undefined {
  switch (fault.kind) {
    case 'notFound':
      return new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    case 'kmsDenied':
      return new AwsError('AccessDeniedException', 'Access to KMS is not allowed');
    case 'decryptionFailure':
      return new AwsError(
        'DecryptionFailure',
        "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
      );
    case 'scheduledForDeletion':
      return new AwsError(
        'InvalidRequestException',
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    case 'expiredToken':
      return new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
    default:
      return undefined;
  }
}
