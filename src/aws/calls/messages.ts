/**
 * Reads from the messages of AWS errors what their codes do not say. Only words of these lists leave this file, because a
 * message quotes the request.
 */
import type { Denial, Detail, PolicyKind } from './errors.ts';

/** What a message must contain for a detail, and with which codes, if only some. */
const DETAILS: readonly {
  readonly detail: Detail;
  readonly message: RegExp;
  readonly codes?: readonly string[];
}[] = [
  { detail: 'tag-session', message: /to perform: sts:TagSession\b/ },
  // Secrets Manager, "Access to AWS Secrets Manager secrets from a different account": only customer managed keys work.
  { detail: 'kms-default-key', message: /\bdefault KMS\b/i },
  { detail: 'kms', message: /\bKMS\b|\bto perform: kms:/ },
  { detail: 'deleted', message: /delet/i, codes: ['InvalidRequestException'] },
  // STS, AssumeRoleWithWebIdentity.
  {
    detail: 'oidc-provider',
    message: /No OpenIDConnect provider found/i,
    codes: ['InvalidIdentityToken'],
  },
  { detail: 'audience', message: /Incorrect token audience/i, codes: ['InvalidIdentityToken'] },
  // Signature Version 4: the time of the request differs from the time of AWS by more than some minutes.
  {
    detail: 'clock',
    message: /Signature (?:expired|not yet current)/i,
    codes: ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  },
];

const KMS_CODES: readonly string[] = ['DecryptionFailure', 'DecryptionFailureException'];
const CLOCK_CODES: readonly string[] = ['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture'];

/** Longer messages are not AWS's. It also bounds the time of the patterns. */
const LONGEST_MESSAGE = 4096;

/** The detail of an error, or undefined. */
export function detailIn(code: string, message: string): Detail | undefined {
  if (KMS_CODES.includes(code)) return 'kms';
  if (CLOCK_CODES.includes(code)) return 'clock';
  // Names of secrets and roles can contain any word.
  const text = message.slice(0, LONGEST_MESSAGE).replace(/\barn:\S+/g, 'arn');
  return DETAILS.find(
    ({ message: pattern, codes }) => (codes === undefined || codes.includes(code)) && pattern.test(text),
  )?.detail;
}

/** IAM, "Troubleshoot access denied error messages": the names of policies in these messages. */
const POLICIES: readonly (readonly [name: string, kind: PolicyKind])[] = [
  ['identity-based policy', 'identity'],
  ['resource-based policy', 'resource'],
  ['service control policy', 'service-control'],
  ['resource control policy', 'resource-control'],
  ['permissions boundary', 'boundary'],
  ['session policy', 'session'],
  ['VPC endpoint policy', 'endpoint'],
  ['role trust policy', 'trust'],
];

/** Which policy an access denied message names, or undefined. */
export function denialIn(message: string): Denial | undefined {
  const text = message.slice(0, LONGEST_MESSAGE);
  const [, explicit, missing] =
    /with an explicit deny in (?:an?|the) ([a-z -]{1,40}?)(?:[.:]|$)|because no ([a-z -]{1,40}?) allows/i.exec(
      text,
    ) ?? [];
  const name = (explicit ?? missing)?.trim().toLowerCase();
  const policy = POLICIES.find(([known]) => known.toLowerCase() === name)?.[1];
  return policy === undefined ? undefined : { policy, isExplicit: explicit !== undefined };
}
