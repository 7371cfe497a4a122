/**
 * Events of Secrets Manager on EventBridge. `Secret Label Updated`, which needs no CloudTrail, is as the page of that name in
 * AWS's user guide shows it. For events by way of CloudTrail, the guide documents names and detail types, and the ARN in
 * `responseElements`; the other members follow events that users of AWS have published. A rotation's event names the secret
 * in `additionalEventData`, and no version.
 */
import { randomUUID } from 'node:crypto';
import { assumedRoleArn, type Role } from './roles.ts';
import type { Secret } from './secret.ts';
import type { Queue } from './sqs/queue.ts';

/** An event in the envelope of EventBridge. */
export interface AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: 'aws.secretsmanager';
  readonly account: string;
  /** In UTC, in seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An event before it is published: the bus adds the id and the time. */
export interface EventInput {
  readonly detailType: string;
  readonly secret: Pick<Secret, 'arn' | 'account' | 'region'>;
  readonly resources: readonly string[];
  readonly detail: (time: string) => Readonly<Record<string, unknown>>;
}

/** A rule of the bus: which events it sends to the queue. */
export interface EventRule {
  readonly queue: Queue;
  readonly matches: (event: AwsEvent) => boolean;
}

/** The default event bus. */
export class EventBus {
  readonly #rules: EventRule[] = [];
  readonly #published: AwsEvent[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Every event since the start or the last `clear`. */
  get published(): readonly AwsEvent[] {
    return this.#published;
  }

  addRule(rule: EventRule): void {
    this.#rules.push(rule);
  }

  publish({ detailType, secret, resources, detail }: EventInput): void {
    const time = new Date(this.#now()).toISOString().replace(/\.\d{3}Z$/, 'Z');
    const event: AwsEvent = {
      version: '0',
      id: randomUUID(),
      'detail-type': detailType,
      source: 'aws.secretsmanager',
      account: secret.account,
      time,
      region: secret.region,
      resources,
      detail: detail(time),
    };
    this.#published.push(event);
    for (const { queue, matches } of this.#rules) if (matches(event)) queue.send(JSON.stringify(event));
  }

  clear(): void {
    this.#published.length = 0;
  }
}

/** A label moved to another version. AWS publishes this event without CloudTrail. */
export function labelUpdated(secret: Secret, label: string, versionId: string): EventInput {
  return {
    detailType: 'Secret Label Updated',
    secret,
    resources: [secret.arn],
    detail: () => ({ name: secret.name, labelUpdated: label, versionId }),
  };
}

export interface ApiCall {
  readonly operation: string;
  readonly role: Role;
  readonly sessionName: string;
  /** Without values: CloudTrail omits sensitive members. */
  readonly requestParameters: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A call that changes a secret. Rules do not get calls that only read, unless they ask for them. */
export function apiCall(secret: EventInput['secret'], call: ApiCall): EventInput {
  const { role, sessionName, error } = call;
  const roleName = role.arn.slice(role.arn.lastIndexOf('/') + 1);
  const account = role.arn.split(':')[4];
  const roleId = 'AROAEXAMPLEROLEID0000';
  return {
    detailType: 'AWS API Call via CloudTrail',
    secret,
    resources: [],
    detail: (time) => ({
      eventVersion: '1.11',
      userIdentity: {
        type: 'AssumedRole',
        principalId: `${roleId}:${sessionName}`,
        arn: assumedRoleArn(role.arn, sessionName),
        accountId: account,
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            principalId: roleId,
            arn: role.arn,
            accountId: account,
            userName: roleName,
          },
        },
      },
      ...cloudTrail(secret, call.operation, time),
      sourceIPAddress: '192.0.2.1',
      userAgent: 'aws-fake',
      ...(error && { errorCode: error.code, errorMessage: error.message }),
      requestParameters: call.requestParameters,
      responseElements: error === undefined ? { arn: secret.arn } : null,
      requestID: randomUUID(),
      eventID: randomUUID(),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: secret.account,
      eventCategory: 'Management',
    }),
  };
}

export type RotationEventName =
  | 'RotationStarted'
  | 'RotationSucceeded'
  | 'RotationFailed'
  | 'RotationAbandoned';

/** What Secrets Manager itself reports about a rotation. The event names the secret, but not the version. */
export function rotationEvent(secret: Secret, eventName: RotationEventName): EventInput {
  return {
    detailType: 'AWS Service Event via CloudTrail',
    secret,
    resources: [],
    detail: (time) => ({
      eventVersion: '1.11',
      userIdentity: { accountId: secret.account, invokedBy: 'secretsmanager.amazonaws.com' },
      ...cloudTrail(secret, eventName, time),
      sourceIPAddress: 'secretsmanager.amazonaws.com',
      userAgent: 'secretsmanager.amazonaws.com',
      requestParameters: null,
      responseElements: null,
      additionalEventData: { SecretId: secret.arn },
      requestID: `Rotation-${secret.arn}-${randomUUID()}`,
      eventID: randomUUID(),
      readOnly: false,
      eventType: 'AwsServiceEvent',
      managementEvent: true,
      recipientAccountId: secret.account,
      eventCategory: 'Management',
    }),
  };
}

const cloudTrail = (secret: EventInput['secret'], eventName: string, time: string) => ({
  eventTime: time,
  eventSource: 'secretsmanager.amazonaws.com',
  eventName,
  awsRegion: secret.region,
});
