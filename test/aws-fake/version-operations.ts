/** PutSecretValue and UpdateSecretVersionStage, with the rules of the API reference. */
import { AwsError } from './aws-error.ts';
import { type EventBus, rotationEvent } from './events.ts';
import type { Secret, Version } from './secret.ts';

export interface NewValue {
  readonly id?: string;
  readonly value: string | Uint8Array;
  /** Default: AWSCURRENT. */
  readonly stages?: readonly string[];
}

/** Creates a version, or stores the value of the version that a rotation has announced. */
export function putValue(secret: Secret, input: NewValue, events: EventBus, now: number): Version {
  const stages = input.stages ?? ['AWSCURRENT'];
  const existing = secret.versions.find(({ id }) => id === input.id);
  if (existing?.value !== undefined) {
    if (sameValue(existing.value, input.value)) return existing;
    throw new AwsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${existing.id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  // Before the check for a first version: a rotation's announced version has no value yet.
  const isFirst = secret.versions.every(({ value }) => value === undefined);
  if (existing !== undefined) {
    secret.fill(existing, input.value, now);
    for (const stage of stages) secret.attach(stage, existing, now);
    return existing;
  }
  if (stages.includes('AWSCURRENT')) abandonRotation(secret, events, now);
  return secret.addVersion(
    {
      ...(input.id !== undefined && { id: input.id }),
      value: input.value,
      stages: isFirst && !stages.includes('AWSCURRENT') ? [...stages, 'AWSCURRENT'] : stages,
    },
    now,
  );
}

/** A value from elsewhere ends a rotation in progress: its version loses AWSPENDING. */
function abandonRotation(secret: Secret, events: EventBus, now: number): void {
  const pending = secret.versionWith('AWSPENDING');
  if (pending === undefined || pending.stages.includes('AWSCURRENT')) return;
  secret.detach('AWSPENDING', now);
  events.publish(rotationEvent(secret, 'RotationAbandoned'));
}

const sameValue = (a: string | Uint8Array, b: string | Uint8Array) =>
  typeof a === typeof b && Buffer.from(a).equals(Buffer.from(b));

export interface LabelMove {
  readonly label: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Moves a label to another version, attaches it, or removes it. */
export function moveLabel(secret: Secret, { label, from, to }: LabelMove, now: number): void {
  const holder = secret.versionWith(label);
  if (from === undefined && to === undefined) {
    throw new AwsError(
      'InvalidParameterException',
      'You must specify RemoveFromVersionId, MoveToVersionId, or both.',
    );
  }
  for (const id of [from, to]) {
    if (id === undefined || secret.versions.some((version) => version.id === id)) continue;
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret version: ${id}.`,
    );
  }
  if (from !== undefined && holder?.id !== from) {
    throw new AwsError(
      'InvalidParameterException',
      `The staging label ${label} is not currently attached to version ${from}.`,
    );
  }
  if (from === undefined && holder !== undefined && holder.id !== to) {
    throw new AwsError(
      'InvalidParameterException',
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  const target = secret.versions.find(({ id }) => id === to);
  if (target !== undefined) {
    secret.attach(label, target, now);
    return;
  }
  if (label === 'AWSCURRENT') {
    throw new AwsError(
      'InvalidParameterException',
      "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    );
  }
  secret.detach(label, now);
}
