/**
 * Reads a message of the queue: an event of Secrets Manager from EventBridge. A message is only a hint that a secret may have
 * changed, because it can be repeated, late or forged: DescribeSecret says which version is current.
 */
import { asArray, asObject, field, textField } from '../../core/json.ts';
import { parseArn } from '../../core/names/arn.ts';
import { isVersionId } from '../../core/plan/versions.ts';

/** What a message says about one secret. */
export interface Hint {
  readonly arn: string;
  /** The staging label that moved, and the version to which it moved, if the event says so. */
  readonly stage: string | undefined;
  readonly versionId: string | undefined;
}

/** Why a message is no hint. */
export const REFUSALS = ['not-json', 'not-an-event', 'no-change', 'other-account', 'stale'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** SQS keeps messages for 14 days at most, so an event that is older was not sent by EventBridge. */
const OLDEST = 14 * 24 * 3_600_000;
/** A clock may be wrong. */
const NEWEST = 3_600_000;
const MOST_CHARACTERS = 256 * 1024;

/** Events of CloudTrail after which a staging label may be at another version. */
const CALLS: ReadonlySet<string> = new Set([
  'CreateSecret',
  'PutSecretValue',
  'UpdateSecret',
  'UpdateSecretVersionStage',
  'RestoreSecret',
  'ReplicateSecretToRegions',
  'RotateSecret',
  'RotationSucceeded',
]);

/** @param now milliseconds since 1970 */
export function readMessage(body: string, now: number): Hint | Refusal {
  const event = body.length > MOST_CHARACTERS ? undefined : parse(body);
  if (event === undefined) return 'not-json';
  const detail = asObject(field(event, 'detail'));
  const type = textField(event, 'detail-type');
  const at = Date.parse(textField(event, 'time') ?? '');
  if (textField(event, 'source') !== 'aws.secretsmanager' || detail === undefined || Number.isNaN(at))
    return 'not-an-event';
  const found = type === 'Secret Label Updated' ? labelHint(event, detail) : callHint(type, detail);
  if (typeof found === 'string') return found;
  const arn = parseArn(found.arn, 'arn');
  if (!arn.ok) return 'not-an-event';
  const isSame =
    arn.value.account === textField(event, 'account') && arn.value.region === textField(event, 'region');
  if (!isSame) return 'other-account';
  return at < now - OLDEST || at > now + NEWEST ? 'stale' : found;
}

function labelHint(event: unknown, detail: unknown): Hint | Refusal {
  const [arn] = asArray(field(event, 'resources')) ?? [];
  const versionId = textField(detail, 'versionId') ?? '';
  if (typeof arn !== 'string') return 'not-an-event';
  return {
    arn,
    stage: textField(detail, 'labelUpdated'),
    versionId: isVersionId(versionId) ? versionId : undefined,
  };
}

/** Before 2024, some events had `aRN` instead of `arn`. */
function callHint(type: string | undefined, detail: unknown): Hint | Refusal {
  if (type !== 'AWS API Call via CloudTrail' && type !== 'AWS Service Event via CloudTrail')
    return 'no-change';
  if (!CALLS.has(textField(detail, 'eventName') ?? '') || textField(detail, 'errorCode') !== undefined)
    return 'no-change';
  const answer = field(detail, 'responseElements');
  const arn =
    textField(answer, 'arn') ??
    textField(answer, 'aRN') ??
    textField(field(detail, 'additionalEventData'), 'SecretId') ??
    textField(field(detail, 'requestParameters'), 'secretId');
  return arn === undefined ? 'not-an-event' : { arn, stage: undefined, versionId: undefined };
}

function parse(text: string): unknown {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // The error of the parser quotes the text.
    return undefined;
  }
}
