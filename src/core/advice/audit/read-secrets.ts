/** Reads secrets from answers of `aws secretsmanager list-secrets` and `describe-secret` (Secrets Manager API Reference). */
import { type Policy, readPolicy } from '../../iam/read-policy.ts';
import { asArray, asObject, field, integerField, textField } from '../../json.ts';
import { parseArn } from '../../names/arn.ts';
import { failed, ok, type Result } from '../../problems/result.ts';
import type { AuditSecret, SecretRotation } from './inputs.ts';
import { readTags } from './read-iam.ts';

const DAY = 24 * 60 * 60_000;

/**
 * Reads a listing, or one description.
 * @returns the secrets; the problem says what was expected
 */
export function readSecretListing(json: unknown): Result<readonly AuditSecret[], string> {
  const list =
    asArray(field(json, 'SecretList')) ?? (textField(json, 'ARN') === undefined ? undefined : [json]);
  if (list === undefined)
    return failed('is not an answer of aws secretsmanager list-secrets: it has no SecretList');
  return ok(list.flatMap((one) => readSecret(one) ?? []));
}

function readSecret(json: unknown): AuditSecret | undefined {
  const arn = parseArn(textField(json, 'ARN') ?? '', '');
  if (!arn.ok) return undefined;
  const primary = textField(json, 'PrimaryRegion');
  return {
    arn: arn.value,
    kmsKey: textField(json, 'KmsKeyId'),
    tags: readTags(field(json, 'Tags')),
    rotation: rotationOf(json),
    versions: versionsIn(field(json, 'SecretVersionsToStages') ?? field(json, 'VersionIdsToStages')),
    isDeleted: time(field(json, 'DeletedDate')) !== undefined,
    isReplica: primary !== undefined && primary !== '' && primary !== arn.value.region,
    lastRead: time(field(json, 'LastAccessedDate')),
  };
}

/** The date of the next rotation, or else the days between rotations after the last one. */
function rotationOf(json: unknown): SecretRotation {
  const next = time(field(json, 'NextRotationDate'));
  const days = integerField(field(json, 'RotationRules'), 'AutomaticallyAfterDays');
  const last = time(field(json, 'LastRotatedDate')) ?? time(field(json, 'CreatedDate'));
  const computed = days === undefined || last === undefined ? undefined : last + days * DAY;
  return { isOn: field(json, 'RotationEnabled') === true, due: next ?? computed };
}

/** A time of AWS CLI 2, or the seconds since 1970 of AWS CLI 1 and of the API. */
function time(json: unknown): number | undefined {
  if (typeof json === 'number') return Number.isFinite(json) ? json * 1000 : undefined;
  if (typeof json !== 'string') return undefined;
  const found = Date.parse(json);
  return Number.isNaN(found) ? undefined : found;
}

function versionsIn(json: unknown): ReadonlyMap<string, string> | undefined {
  const object = asObject(json);
  if (object === undefined) return undefined;
  const versions = new Map<string, string>();
  for (const [id, stages] of Object.entries(object))
    for (const stage of asArray(stages) ?? []) if (typeof stage === 'string') versions.set(stage, id);
  return versions;
}

/**
 * Reads resource policies: answers of `aws secretsmanager get-resource-policy`, or policies by the ARN of the secret, as
 * `iam-policy` prints them.
 */
export function readResourcePolicies(json: unknown): ReadonlyMap<string, Policy | undefined> {
  const policies = new Map<string, Policy | undefined>();
  for (const one of asArray(json) ?? [json]) {
    const arn = textField(one, 'ARN');
    const text = field(one, 'ResourcePolicy');
    if (arn !== undefined && text !== undefined) policies.set(arn, readable(text));
    for (const [key, value] of arn === undefined ? Object.entries(asObject(one) ?? {}) : []) {
      const document =
        field(value, 'resourcePolicy') ?? (field(value, 'Statement') === undefined ? undefined : value);
      if (document !== undefined && parseArn(key, '').ok) policies.set(key, readable(document));
    }
  }
  return policies;
}

function readable(document: unknown): Policy | undefined {
  const read = readPolicy(document);
  return read.ok ? read.value : undefined;
}
