/**
 * A fake of AWS for the tests, the demo and the bench: Secrets Manager and STS web identity over HTTPS. It is as strict
 * as AWS, and tests can queue faults. The product does not contain it.
 */

export { startStandIn } from './aws-fake.ts';
export type { TlsMaterial } from './certificates.ts';
export { makeCertificate } from './certificates.ts';
export type { StandIn, StandInOptions } from './contract.ts';
export { type DelayProxy, startDelayProxy } from './delay-proxy.ts';
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
export type { SecretHandle, SecretInput, Version, VersionInput } from './secrets.ts';
export type { Session } from './sessions.ts';
