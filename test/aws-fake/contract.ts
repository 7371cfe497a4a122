import type { TlsMaterial } from './certificates.ts';
import type { Fault } from './faults.ts';
import type { TokenClaims, TokenIssuer } from './issuer.ts';
import type { Operation } from './operations.ts';
import type { Peak, StandInRequest } from './request-log.ts';
import type { Role } from './roles.ts';
import type { SecretHandle, SecretInput } from './secrets.ts';
import type { Session } from './sessions.ts';

export interface StandInOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default any free one. */
  readonly port?: number;
  /** Further names or addresses in the certificate. */
  readonly extraNames?: readonly string[];
  /** Instead of a certificate made at start. */
  readonly tls?: TlsMaterial;
  /** Whose tokens STS accepts; default an issuer of its own, which `issueToken` uses. */
  readonly issuer?: TokenIssuer;
  /** The clock of both services, in milliseconds since 1970. */
  readonly now?: () => number;
}

export interface StandIn {
  /** Serves STS and Secrets Manager of every Region: the signature tells the Region. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly issuer: string;
  /** A projected service account token as kubelet writes it. */
  issueToken(claims: TokenClaims): Promise<string>;
  /** Adds or replaces a role. */
  putRole(role: Role): void;
  putSecret(secret: SecretInput): SecretHandle;
  /** Credentials of a role without asking STS. */
  startSession(roleArn: string, sessionName?: string, durationSeconds?: number): Session;
  /** Every request since the start or the last reset, in order of arrival. */
  readonly requests: readonly StandInRequest[];
  readonly peak: Peak;
  /** Sockets accepted since the start. */
  readonly connectionsOpened: number;
  /** Queues faults. Each answers the next request that fits it, in this order. */
  script(operation: Operation | '*', ...faults: Fault[]): void;
  /** Scripted faults that no request has met yet. */
  readonly pendingFaults: readonly Fault[];
  /** Clears faults and the request log; roles, secrets and sessions stay. */
  reset(): void;
  /** Closes every connection, hanging ones included. */
  stop(): Promise<void>;
}
