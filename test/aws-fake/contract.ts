import type { TlsMaterial } from './certificates.ts';
import type { AwsEvent } from './events.ts';
import type { Fault } from './faults.ts';
import type { TokenClaims, TokenIssuer } from './issuer.ts';
import type { Operation } from './operations.ts';
import type { Peak, StandInRequest } from './request-log.ts';
import type { Role } from './roles.ts';
import type { Rotator } from './rotation.ts';
import type { SecretInput } from './secret.ts';
import type { SecretHandle } from './secrets.ts';
import type { Session } from './sessions.ts';
import type { QueueInput } from './sqs/queue.ts';
import type { QueueHandle } from './sqs/queues.ts';

export interface StandInOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Further names or addresses in the certificate. */
  readonly extraNames?: readonly string[];
  /** Default: a certificate created at start. */
  readonly tls?: TlsMaterial;
  /** The issuer of the tokens that STS accepts. Default: an issuer of the fake, which `issueToken` uses. */
  readonly issuer?: TokenIssuer;
  /** The clock of all services, in milliseconds since 1970. */
  readonly now?: () => number;
}

export interface StandIn {
  /** The endpoint of STS, Secrets Manager and SQS in every Region: the signature contains the Region. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly issuer: string;
  /** The issuer with its keys. */
  readonly tokenIssuer: TokenIssuer;
  /** Issues a projected service account token, as kubelet writes it. */
  issueToken(claims: TokenClaims): Promise<string>;
  /** Adds or replaces a role. */
  putRole(role: Role): void;
  putSecret(secret: SecretInput): SecretHandle;
  /** Registers a rotation function under the ARN of a Lambda function, for RotateSecret. */
  putRotator(lambdaArn: string, rotator: Rotator): void;
  /** Resolves when every rotation has ended. */
  rotationsSettled(): Promise<void>;
  /** Runs the steps of a failed rotation again, with the same version, as AWS does after a while. */
  reattemptRotation(secretArn: string): void;
  /** Adds a queue, or replaces one by an empty queue. */
  putQueue(queue: QueueInput): QueueHandle;
  /** Sends events of EventBridge to a queue, one message each. Default: all events. */
  putEventRule(rule: { readonly queueArn: string; readonly matches?: (event: AwsEvent) => boolean }): void;
  /** Every event since the start or the last reset. */
  readonly events: readonly AwsEvent[];
  /** Creates credentials of a role without a request to STS. */
  startSession(
    roleArn: string,
    sessionName?: string,
    durationSeconds?: number,
    transitiveTags?: readonly string[],
  ): Session;
  /** Every request since the start or the last reset, in order of arrival. */
  readonly requests: readonly StandInRequest[];
  readonly peak: Peak;
  /** Sockets accepted since the start. */
  readonly connectionsOpened: number;
  /** Queues faults. Each applies to the next matching request, in this order. */
  script(operation: Operation | '*', ...faults: Fault[]): void;
  /** Queued faults that have not applied to a request yet. */
  readonly pendingFaults: readonly Fault[];
  /** Clears faults, events and the request log, but keeps roles, secrets, queues and sessions. */
  reset(): void;
  /** Closes every connection, hanging ones included. */
  stop(): Promise<void>;
}
