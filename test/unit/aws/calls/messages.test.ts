/** What the fetcher reads from the messages of AWS errors. The messages are those of AWS, with other names. */
import { expect, it } from 'vitest';
import type { Denial, Detail } from '../../../../src/aws/calls/errors.ts';
import { denialIn, detailIn } from '../../../../src/aws/calls/messages.ts';

const CALL =
  'User: arn:aws:sts::111122223333:assumed-role/shop/shop.web is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';

// IAM, "Troubleshoot access denied error messages".
it.each<[string, Denial | undefined]>([
  [
    'because no identity-based policy allows the secretsmanager:GetSecretValue action',
    { policy: 'identity', isExplicit: false },
  ],
  [
    'because no resource-based policy allows the secretsmanager:GetSecretValue action',
    { policy: 'resource', isExplicit: false },
  ],
  [
    'because no service control policy allows the secretsmanager:GetSecretValue action',
    { policy: 'service-control', isExplicit: false },
  ],
  [
    'because no resource control policy allows the secretsmanager:GetSecretValue action',
    { policy: 'resource-control', isExplicit: false },
  ],
  [
    'because no permissions boundary allows the secretsmanager:GetSecretValue action',
    { policy: 'boundary', isExplicit: false },
  ],
  [
    'because no session policy allows the secretsmanager:GetSecretValue action',
    { policy: 'session', isExplicit: false },
  ],
  [
    'because no VPC endpoint policy allows the secretsmanager:GetSecretValue action',
    { policy: 'endpoint', isExplicit: false },
  ],
  ['because no role trust policy allows the sts:AssumeRole action', { policy: 'trust', isExplicit: false }],
  ['with an explicit deny in a service control policy', { policy: 'service-control', isExplicit: true }],
  ['with an explicit deny in an identity-based policy', { policy: 'identity', isExplicit: true }],
  ['with an explicit deny in a resource-based policy', { policy: 'resource', isExplicit: true }],
  [
    'with an explicit deny in a service control policy: arn:aws:organizations::111122223333:policy/o-x/p-y',
    { policy: 'service-control', isExplicit: true },
  ],
  ['with an explicit deny in a permissions boundary', { policy: 'boundary', isExplicit: true }],
  ['with an explicit deny in a VPC endpoint policy', { policy: 'endpoint', isExplicit: true }],
  ['with an explicit deny in the role trust policy', { policy: 'trust', isExplicit: true }],
  ['because no horoscope allows the secretsmanager:GetSecretValue action', undefined],
  ['with an explicit deny in a constructor', undefined],
  ['', undefined],
])('%s', (end, denial) => {
  expect(denialIn(`${CALL} ${end}`)).toEqual(denial);
});

it.each<[code: string, message: string, Detail | undefined]>([
  ['AccessDeniedException', 'Access to KMS is not allowed', 'kms'],
  ['AccessDeniedException', `${CALL.replace('secretsmanager:GetSecretValue', 'kms:Decrypt')}`, 'kms'],
  ['DecryptionFailure', "Secrets Manager can't decrypt the protected secret text", 'kms'],
  [
    'InvalidRequestException',
    "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
    'kms-default-key',
  ],
  [
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
    'deleted',
  ],
  ['AccessDeniedException', 'deleted', undefined],
  [
    'AccessDeniedException',
    'User: arn:aws:sts::111122223333:assumed-role/KMS/x is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:KMS-AbCdEf because no identity-based policy allows it',
    undefined,
  ],
  [
    'InvalidIdentityToken',
    'No OpenIDConnect provider found in your account for https://oidc.example/id/1',
    'oidc-provider',
  ],
  ['InvalidIdentityToken', 'Incorrect token audience', 'audience'],
  ['InvalidIdentityToken', "Couldn't retrieve verification key from your identity provider", undefined],
  ['InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than 2026', 'clock'],
  ['SignatureDoesNotMatch', 'Signature not yet current: 20260101T000000Z is still later than', 'clock'],
  ['InvalidSignatureException', 'The request signature we calculated does not match', undefined],
  [
    'AccessDenied',
    'User: arn:aws:sts::111122223333:assumed-role/a/b is not authorized to perform: sts:TagSession on resource: arn:aws:iam::444455556666:role/reader',
    'tag-session',
  ],
  [
    'AccessDenied',
    'User: arn:aws:sts::111122223333:assumed-role/a/b is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/sts:TagSession',
    undefined,
  ],
  [
    'AccessDenied',
    'User: arn:aws:sts::111122223333:assumed-role/KMS/b is not authorized to perform: sts:TagSession on resource: arn:aws:iam::444455556666:role/KMS',
    'tag-session',
  ],
])('%s: %s', (code, message, detail) => {
  expect(detailIn(code, message)).toBe(detail);
});

it('reads no more of a message than one of AWS has', () => {
  const long = 'with an explicit deny in a '.repeat(200);
  expect(denialIn(`${long} because no identity-based policy allows it`)).toBeUndefined();
  expect(detailIn('AccessDenied', `${long} KMS`)).toBeUndefined();
});
