/** RotateSecret and CancelRotateSecret: the four steps, played by rotators that tests register as Lambda functions. */
import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { type EventBus, rotationEvent } from './events.ts';
import type { Secret } from './secret.ts';

export const ROTATION_STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type RotationStep = (typeof ROTATION_STEPS)[number];

/** The event that Secrets Manager sends to a rotation function. */
export interface RotationRequest {
  readonly Step: RotationStep;
  /** The ARN of the secret. */
  readonly SecretId: string;
  /** The id of the new version. */
  readonly ClientRequestToken: string;
  readonly RotationToken: string;
}

/** A rotation function: it throws if a step fails. */
export type Rotator = (request: RotationRequest) => Promise<void>;

export interface RotationInput {
  readonly token: string;
  readonly lambdaArn: string | undefined;
  readonly rules: Readonly<Record<string, unknown>> | undefined;
  readonly immediately: boolean;
}

/** The rotations of all secrets. They run in the background, as in AWS. */
export class Rotations {
  readonly #rotators = new Map<string, Rotator>();
  readonly #running = new Set<Promise<void>>();
  readonly #events: EventBus;
  readonly #now: () => number;

  constructor(events: EventBus, now: () => number) {
    this.#events = events;
    this.#now = now;
  }

  register(lambdaArn: string, rotator: Rotator): void {
    this.#rotators.set(lambdaArn, rotator);
  }

  /** Resolves when no rotation runs. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Configures the rotation and starts it. @returns the id of the new version */
  rotate(secret: Secret, input: RotationInput): string {
    const lambdaArn = input.lambdaArn ?? secret.rotation?.lambdaArn;
    if (lambdaArn === undefined) {
      throw new AwsError(
        'InvalidRequestException',
        'No Lambda rotation function ARN is associated with this secret.',
      );
    }
    const rotator = this.#rotators.get(lambdaArn);
    if (rotator === undefined) {
      throw new AwsError(
        'AccessDeniedException',
        'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
      );
    }
    const pending = secret.versionWith('AWSPENDING');
    if (pending !== undefined && !pending.stages.includes('AWSCURRENT')) {
      throw new AwsError(
        'InvalidRequestException',
        "A previous rotation isn't complete. That rotation will be reattempted.",
      );
    }
    secret.rotation = {
      enabled: true,
      lambdaArn,
      rules: input.rules ?? secret.rotation?.rules,
      lastRotatedAt: secret.rotation?.lastRotatedAt,
    };
    const version = secret.addVersion({ id: input.token, stages: ['AWSPENDING'] }, this.#now());
    if (input.immediately) this.#run(this.#steps(secret, rotator, version.id));
    else this.#run(this.#onlyTest(secret, rotator, version.id));
    return version.id;
  }

  /** Runs the steps of an incomplete rotation again, as AWS does some time after a failure. */
  reattempt(secret: Secret): void {
    const pending = secret.versionWith('AWSPENDING');
    const rotator = this.#rotators.get(secret.rotation?.lambdaArn ?? '');
    if (pending === undefined || rotator === undefined)
      throw new TypeError(`nothing to rotate: ${secret.arn}`);
    this.#run(this.#steps(secret, rotator, pending.id));
  }

  /** Turns off automatic rotation. Labels stay where they are. */
  cancel(secret: Secret): void {
    if (secret.rotation === undefined) {
      throw new AwsError(
        'InvalidRequestException',
        'No Lambda rotation function ARN is associated with this secret.',
      );
    }
    secret.rotation.enabled = false;
    secret.changedAt = this.#now();
  }

  #run(rotation: Promise<void>): void {
    const running = rotation.finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #steps(secret: Secret, rotator: Rotator, versionId: string): Promise<void> {
    this.#events.publish(rotationEvent(secret, 'RotationStarted'));
    try {
      for (const step of ROTATION_STEPS) await rotator(requestOf(secret, step, versionId));
    } catch {
      // As in AWS, the message of the function is in its own log only.
      this.#events.publish(rotationEvent(secret, 'RotationFailed'));
      return;
    }
    const done = secret.versionWith('AWSCURRENT')?.id === versionId;
    if (done && secret.rotation !== undefined) secret.rotation.lastRotatedAt = this.#now();
    this.#events.publish(rotationEvent(secret, done ? 'RotationSucceeded' : 'RotationFailed'));
  }

  /** Tests the configuration with a version that has the current value and exists only meanwhile. */
  async #onlyTest(secret: Secret, rotator: Rotator, versionId: string): Promise<void> {
    const version = secret.versions.find(({ id }) => id === versionId);
    const value = secret.versionWith('AWSCURRENT')?.value;
    if (version !== undefined && value !== undefined) secret.fill(version, value, this.#now());
    await rotator(requestOf(secret, 'testSecret', versionId)).catch(() => undefined);
    secret.detach('AWSPENDING', this.#now());
  }
}

const requestOf = (secret: Secret, Step: RotationStep, versionId: string): RotationRequest => ({
  Step,
  SecretId: secret.arn,
  ClientRequestToken: versionId,
  RotationToken: randomUUID(),
});
