/**
 * A fake of AWS for the tests, the demo and the bench: Secrets Manager with rotation and its events, STS web identity
 * and SQS over HTTPS. It is as strict as AWS, and tests can queue faults. The product does not contain it.
 */

export { startStandIn } from './aws-fake.ts';
export type { TlsMaterial } from './certificates.ts';
export { makeCertificate } from './certificates.ts';
export type { StandIn, StandInOptions } from './contract.ts';
export { type DelayProxy, startDelayProxy } from './delay-proxy.ts';
export type { AwsEvent } from './events.ts';
export type { Fault } from './faults.ts';
export type { TokenClaims, TokenIssuer } from './issuer.ts';
export type { Operation } from './operations.ts';
export {
  type AgentRequest,
  type PodIdentityAgent,
  type PodIdentityAgentOptions,
  type PodIdentityAssociation,
  startPodIdentityAgent,
} from './pod-identity-agent.ts';
export { POD_IDENTITY_AUDIENCE } from './pod-identity-answers.ts';
export type { AgentFault } from './pod-identity-faults.ts';
export type { Peak, StandInRequest } from './request-log.ts';
export type { Role } from './roles.ts';
export { ROTATION_STEPS, type RotationRequest, type RotationStep, type Rotator } from './rotation.ts';
export type { SecretInput, Version, VersionInput } from './secret.ts';
export type { SecretHandle } from './secrets.ts';
export type { Session } from './sessions.ts';
export type { QueueFaults, QueueInput } from './sqs/queue.ts';
export type { QueueHandle } from './sqs/queues.ts';
