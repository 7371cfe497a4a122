/** Amazon Resource Names (ARNs) of Secrets Manager secrets. */
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { isRegion, partitionOf } from './regions.ts';

export interface SecretArn {
  /** As the user wrote it. */
  readonly text: string;
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** The secret's name, without the random suffix. */
  readonly name: string;
  /** The six characters that Secrets Manager appends; undefined for a partial ARN. */
  readonly suffix: string | undefined;
}

const ACCOUNT = /^\d{12}$/;
// CreateSecret, `Name`: letters, digits and /_+=.@- ; secrets that AWS services own add `!`.
const NAME = /^[A-Za-z0-9/_+=.@!-]{1,519}$/;
const SUFFIX = /.-[A-Za-z0-9]{6}$/;
const SUFFIX_LENGTH = '-AbCdEf'.length;

/** The number of colon-separated fields in an ARN of a secret; a reference may append more. */
export const ARN_FIELDS = 7;

/**
 * Parses the ARN of a secret, with or without its six-character suffix. A name that itself ends in a hyphen and six
 * alphanumeric characters is read as if it had a suffix, as Secrets Manager does.
 * @param text the ARN alone, without the fields that a reference may append
 * @param subject the annotation that a problem names
 */
export function parseArn(text: string, subject: string): Result<SecretArn> {
  const fields = text.split(':');
  const [arn, partition = '', service, region = '', account = '', kind, resource = ''] = fields;
  if (arn === 'arn' && fields.length > ARN_FIELDS) {
    const rest = fields.slice(ARN_FIELDS).join(':');
    return failed({
      code: 'ARN_INVALID',
      subject,
      wrong: `the ARN is followed by ${quote(`:${rest}`)}`,
      expected: 'use the ARN alone here, and the key where the value is requested, such as db:password',
    });
  }
  if (fields.length !== ARN_FIELDS || arn !== 'arn')
    return invalid(text, subject, 'is not the ARN of a secret');
  if (service !== 'secretsmanager')
    return invalid(text, subject, `is an ARN of service ${quote(service ?? '')}, not of secretsmanager`);
  if (kind !== 'secret')
    return invalid(text, subject, `is the ARN of a ${quote(kind ?? '')}, not of a secret`);
  if (!isRegion(region)) return invalid(text, subject, 'does not contain a valid Region');
  if (!ACCOUNT.test(account)) return invalid(text, subject, 'does not contain a 12-digit account ID');
  if (!NAME.test(resource))
    return invalid(
      text,
      subject,
      'does not contain a valid secret name; names use letters, digits and /_+=.@-!',
    );
  const home = partitionOf(region);
  if (partition !== home.id) {
    return failed({
      code: 'ARN_PARTITION_MISMATCH',
      subject,
      wrong: `${quote(text)} combines Region ${region} with partition ${quote(partition)}`,
      expected: `Region ${region} belongs to partition ${home.id}; start the ARN with arn:${home.id}:`,
    });
  }
  const hasSuffix = SUFFIX.test(resource);
  return ok({
    text,
    partition,
    region,
    account,
    name: hasSuffix ? resource.slice(0, -SUFFIX_LENGTH) : resource,
    suffix: hasSuffix ? resource.slice(1 - SUFFIX_LENGTH) : undefined,
  });
}

function invalid(text: string, subject: string, what: string): Result<never> {
  return failed({
    code: 'ARN_INVALID',
    subject,
    wrong: `${quote(text)} ${what}`,
    expected:
      'copy the ARN from AWS; it has the form arn:aws:secretsmanager:<region>:<account>:secret:<name>-<6 characters>',
  });
}
