/**
 * What the fetcher concludes from each AWS error: how it retries, which problem it reports, whether the secret counts
 * as absent, and whether it signs in again. When you add a row to the table, add the code here.
 */
import { expect, it } from 'vitest';
import type { Detail } from '../../../../src/aws/calls/errors.ts';
import { signInAdvice, verdictOf } from './verdict.ts';

/** By HTTP status: `retry class, problem of a secret, problem of a sign-in`, then `absent` and `renews`. */
interface Expected {
  readonly detail?: Detail | undefined;
  readonly codes: readonly string[];
  readonly rejected: string;
  readonly timedOut: string;
  readonly tooMany: string;
  readonly failed: string;
}

const STATUSES = {
  rejected: [400, 403, 404],
  timedOut: [408],
  tooMany: [429],
  failed: [500, 503],
} as const;

const EXPECTED: readonly Expected[] = [
  {
    codes: [
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'RequestThrottled',
      'RequestThrottledException',
      'TooManyRequestsException',
      'LimitExceededException',
      'RequestLimitExceeded',
      'SlowDown',
      'ProvisionedThroughputExceededException',
    ],
    rejected: 'throttled AWS_THROTTLED AWS_THROTTLED',
    timedOut: 'throttled AWS_THROTTLED AWS_THROTTLED',
    tooMany: 'throttled AWS_THROTTLED AWS_THROTTLED',
    failed: 'throttled AWS_THROTTLED AWS_THROTTLED',
  },
  {
    codes: ['AccessDeniedException', 'AccessDenied', 'UnauthorizedOperation'],
    rejected: 'settling AWS_ACCESS_DENIED IDENTITY_REFUSED',
    timedOut: 'transient AWS_ACCESS_DENIED IDENTITY_REFUSED',
    tooMany: 'throttled AWS_ACCESS_DENIED AWS_THROTTLED',
    failed: 'transient AWS_ACCESS_DENIED AWS_UNAVAILABLE',
  },
  {
    codes: [
      'InvalidIdentityToken',
      'IDPCommunicationError',
      'RequestTimeout',
      'InternalFailure',
      'InternalServiceError',
      'RequestTimeTooSkewed',
    ],
    rejected: 'transient AWS_UNAVAILABLE IDENTITY_REFUSED',
    timedOut: 'transient AWS_UNAVAILABLE IDENTITY_REFUSED',
    tooMany: 'throttled AWS_THROTTLED AWS_THROTTLED',
    failed: 'transient AWS_UNAVAILABLE AWS_UNAVAILABLE',
  },
  {
    codes: ['InvalidSignatureException', 'SignatureDoesNotMatch', 'RequestExpired', 'RequestInTheFuture'],
    rejected: 'settling IDENTITY_REFUSED IDENTITY_REFUSED',
    timedOut: 'transient AWS_UNAVAILABLE IDENTITY_REFUSED',
    tooMany: 'throttled AWS_THROTTLED AWS_THROTTLED',
    failed: 'transient AWS_UNAVAILABLE AWS_UNAVAILABLE',
  },
  {
    codes: [
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'MissingAuthenticationTokenException',
      'IncompleteSignatureException',
    ],
    rejected: 'final IDENTITY_REFUSED IDENTITY_REFUSED',
    timedOut: 'transient AWS_UNAVAILABLE IDENTITY_REFUSED',
    tooMany: 'throttled AWS_THROTTLED AWS_THROTTLED',
    failed: 'transient AWS_UNAVAILABLE AWS_UNAVAILABLE',
  },
  {
    codes: ['ExpiredTokenException', 'ExpiredToken'],
    rejected: 'final IDENTITY_REFUSED IDENTITY_REFUSED renews',
    timedOut: 'transient AWS_UNAVAILABLE IDENTITY_REFUSED renews',
    tooMany: 'throttled AWS_THROTTLED AWS_THROTTLED renews',
    failed: 'transient AWS_UNAVAILABLE AWS_UNAVAILABLE renews',
  },
  {
    codes: ['ResourceNotFoundException'],
    rejected: 'settling SECRET_NOT_FOUND IDENTITY_REFUSED absent',
    timedOut: 'transient SECRET_NOT_FOUND IDENTITY_REFUSED absent',
    tooMany: 'throttled SECRET_NOT_FOUND AWS_THROTTLED absent',
    failed: 'transient SECRET_NOT_FOUND AWS_UNAVAILABLE absent',
  },
  {
    codes: [
      'ValidationError',
      'RegionDisabledException',
      'InvalidRequestException',
      'InvalidParameterException',
      'Unknown',
      'NeverHeardOf',
      'constructor',
      '__proto__',
    ],
    rejected: 'final SECRET_REFUSED IDENTITY_REFUSED',
    timedOut: 'transient AWS_UNAVAILABLE IDENTITY_REFUSED',
    tooMany: 'throttled AWS_THROTTLED AWS_THROTTLED',
    failed: 'transient AWS_UNAVAILABLE AWS_UNAVAILABLE',
  },
  {
    detail: 'kms',
    codes: [
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'RequestThrottled',
      'RequestThrottledException',
      'TooManyRequestsException',
      'LimitExceededException',
      'RequestLimitExceeded',
      'SlowDown',
      'ProvisionedThroughputExceededException',
    ],
    rejected: 'throttled AWS_KMS_DENIED AWS_THROTTLED',
    timedOut: 'throttled AWS_KMS_DENIED AWS_THROTTLED',
    tooMany: 'throttled AWS_KMS_DENIED AWS_THROTTLED',
    failed: 'throttled AWS_KMS_DENIED AWS_THROTTLED',
  },
  {
    detail: 'kms',
    codes: [
      'AccessDeniedException',
      'AccessDenied',
      'UnauthorizedOperation',
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'RequestExpired',
      'RequestInTheFuture',
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'MissingAuthenticationTokenException',
      'IncompleteSignatureException',
      'ValidationError',
      'RegionDisabledException',
      'InvalidRequestException',
      'InvalidParameterException',
      'Unknown',
      'NeverHeardOf',
      'constructor',
      '__proto__',
    ],
    rejected: 'settling AWS_KMS_DENIED IDENTITY_REFUSED',
    timedOut: 'transient AWS_KMS_DENIED IDENTITY_REFUSED',
    tooMany: 'throttled AWS_KMS_DENIED AWS_THROTTLED',
    failed: 'transient AWS_KMS_DENIED AWS_UNAVAILABLE',
  },
  {
    detail: 'kms',
    codes: [
      'InvalidIdentityToken',
      'IDPCommunicationError',
      'RequestTimeout',
      'InternalFailure',
      'InternalServiceError',
      'RequestTimeTooSkewed',
    ],
    rejected: 'transient AWS_KMS_DENIED IDENTITY_REFUSED',
    timedOut: 'transient AWS_KMS_DENIED IDENTITY_REFUSED',
    tooMany: 'throttled AWS_KMS_DENIED AWS_THROTTLED',
    failed: 'transient AWS_KMS_DENIED AWS_UNAVAILABLE',
  },
  {
    detail: 'kms',
    codes: ['ExpiredTokenException', 'ExpiredToken'],
    rejected: 'settling AWS_KMS_DENIED IDENTITY_REFUSED renews',
    timedOut: 'transient AWS_KMS_DENIED IDENTITY_REFUSED renews',
    tooMany: 'throttled AWS_KMS_DENIED AWS_THROTTLED renews',
    failed: 'transient AWS_KMS_DENIED AWS_UNAVAILABLE renews',
  },
  {
    detail: 'kms',
    codes: ['ResourceNotFoundException'],
    rejected: 'settling AWS_KMS_DENIED IDENTITY_REFUSED absent',
    timedOut: 'transient AWS_KMS_DENIED IDENTITY_REFUSED absent',
    tooMany: 'throttled AWS_KMS_DENIED AWS_THROTTLED absent',
    failed: 'transient AWS_KMS_DENIED AWS_UNAVAILABLE absent',
  },
  {
    detail: 'deleted',
    codes: [
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'RequestThrottled',
      'RequestThrottledException',
      'TooManyRequestsException',
      'LimitExceededException',
      'RequestLimitExceeded',
      'SlowDown',
      'ProvisionedThroughputExceededException',
    ],
    rejected: 'throttled SECRET_DELETED AWS_THROTTLED absent',
    timedOut: 'throttled SECRET_DELETED AWS_THROTTLED absent',
    tooMany: 'throttled SECRET_DELETED AWS_THROTTLED absent',
    failed: 'throttled SECRET_DELETED AWS_THROTTLED absent',
  },
  {
    detail: 'deleted',
    codes: [
      'AccessDeniedException',
      'AccessDenied',
      'UnauthorizedOperation',
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'RequestExpired',
      'RequestInTheFuture',
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'MissingAuthenticationTokenException',
      'IncompleteSignatureException',
      'ResourceNotFoundException',
      'ValidationError',
      'RegionDisabledException',
      'InvalidRequestException',
      'InvalidParameterException',
      'Unknown',
      'NeverHeardOf',
      'constructor',
      '__proto__',
    ],
    rejected: 'final SECRET_DELETED IDENTITY_REFUSED absent',
    timedOut: 'transient SECRET_DELETED IDENTITY_REFUSED absent',
    tooMany: 'throttled SECRET_DELETED AWS_THROTTLED absent',
    failed: 'transient SECRET_DELETED AWS_UNAVAILABLE absent',
  },
  {
    detail: 'deleted',
    codes: [
      'InvalidIdentityToken',
      'IDPCommunicationError',
      'RequestTimeout',
      'InternalFailure',
      'InternalServiceError',
      'RequestTimeTooSkewed',
    ],
    rejected: 'transient SECRET_DELETED IDENTITY_REFUSED absent',
    timedOut: 'transient SECRET_DELETED IDENTITY_REFUSED absent',
    tooMany: 'throttled SECRET_DELETED AWS_THROTTLED absent',
    failed: 'transient SECRET_DELETED AWS_UNAVAILABLE absent',
  },
  {
    detail: 'deleted',
    codes: ['ExpiredTokenException', 'ExpiredToken'],
    rejected: 'final SECRET_DELETED IDENTITY_REFUSED absent renews',
    timedOut: 'transient SECRET_DELETED IDENTITY_REFUSED absent renews',
    tooMany: 'throttled SECRET_DELETED AWS_THROTTLED absent renews',
    failed: 'transient SECRET_DELETED AWS_UNAVAILABLE absent renews',
  },
];

const CASES = EXPECTED.flatMap(({ codes, ...rest }) => codes.map((code) => ({ code, ...rest })));

it.each(CASES)('$code $detail', ({ code, detail, ...expected }) => {
  for (const kind of ['rejected', 'timedOut', 'tooMany', 'failed'] as const)
    for (const status of STATUSES[kind])
      expect(verdictOf(code, status, detail), `HTTP ${status}`).toBe(expected[kind]);
});

it('every code is listed with each detail', () => {
  const listed = (detail: Detail | undefined) =>
    CASES.filter((one) => one.detail === detail)
      .map(({ code }) => code)
      .toSorted();
  expect(listed('kms')).toEqual(listed(undefined));
  expect(listed('deleted')).toEqual(listed(undefined));
  expect(new Set(listed(undefined)).size).toBe(listed(undefined).length);
});

it('an answer of STS without credentials is retried, and is no refusal', () => {
  expect(verdictOf('IncompleteAnswer', 200, undefined)).toBe('transient AWS_UNAVAILABLE AWS_UNAVAILABLE');
});

it.each([
  'AccessDenied',
  'InvalidIdentityToken',
  'IDPCommunicationError',
  'ExpiredTokenException',
  'ExpiredToken',
  'ValidationError',
  'RegionDisabledException',
])('a sign-in that fails with %s has advice of its own', (code) => {
  expect(signInAdvice(code)).not.toBe(signInAdvice('NeverHeardOf'));
});

it.each(['AccessDeniedException', 'constructor'])('… and %s has none', (code) => {
  expect(signInAdvice(code)).toBe(signInAdvice('NeverHeardOf'));
});
