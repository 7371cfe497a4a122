/** Every way in which AWS can fail, many of them with an answer that quotes what must stay secret. */
import type { FetchCode } from '../../src/core/problems/fetch-codes.ts';
import type { Fault } from '../aws-fake/index.ts';
import { CANARY } from '../fetcher/canary.ts';

export const JSON_CANARY = JSON.stringify(CANARY);
// V8 quotes the text that it cannot parse.
export const BROKEN = `${CANARY} is no JSON`;

const custom = (status: number, body: string, headers = {}): Fault => ({
  kind: 'custom',
  status,
  body,
  headers,
});
/** Faults of GetSecretValue, with the code that each ends in. */
export const OF_SECRETS_MANAGER: readonly (readonly [FetchCode, Fault])[] = [
  ['AWS_THROTTLED', { kind: 'throttle' }],
  ['AWS_UNAVAILABLE', { kind: 'serverError' }],
  ['AWS_UNAVAILABLE', { kind: 'unavailableHtml' }],
  ['AWS_UNAVAILABLE', { kind: 'reset' }],
  ['AWS_UNAVAILABLE', { kind: 'reset', afterBytes: 420 }],
  ['AWS_UNAVAILABLE', { kind: 'truncated' }],
  ['AWS_UNAVAILABLE', { kind: 'truncatedJson' }],
  ['AWS_UNAVAILABLE', { kind: 'wrongJson', body: BROKEN }],
  ['AWS_UNAVAILABLE', { kind: 'wrongJson', body: JSON_CANARY }],
  ['AWS_UNAVAILABLE', { kind: 'wrongJson', body: `{"SecretString":${JSON_CANARY}}` }],
  ['AWS_UNAVAILABLE', custom(502, CANARY)],
  ['AWS_UNAVAILABLE', custom(503, `{"__type":${JSON_CANARY}}`)],
  ['SECRET_MISMATCH', { kind: 'wrongJson', body: `{"ARN":${JSON_CANARY},"SecretString":${JSON_CANARY}}` }],
  ['SECRET_REFUSED', custom(400, `{"__type":${JSON_CANARY},"Message":${JSON_CANARY}}`)],
  ['SECRET_REFUSED', custom(400, '{}', { 'x-amzn-errortype': CANARY })],
  ['SECRET_REFUSED', custom(400, `{"__type":"InvalidRequestException","Message":${JSON_CANARY}}`)],
  ['SECRET_REFUSED', custom(400, CANARY)],
  ['AWS_ACCESS_DENIED', { kind: 'denied' }],
  ['AWS_ACCESS_DENIED', custom(400, `{"__type":"AccessDeniedException","Message":${JSON_CANARY}}`)],
  ['AWS_KMS_DENIED', { kind: 'kmsDenied' }],
  ['AWS_KMS_DENIED', { kind: 'decryptionFailure' }],
  ['SECRET_NOT_FOUND', { kind: 'notFound' }],
  ['SECRET_DELETED', { kind: 'scheduledForDeletion' }],
  ['IDENTITY_REFUSED', { kind: 'expiredToken' }],
];

/** Faults of the sign-in. A string that is asked for is answered with: the token, or a key of the session. */
export const OF_STS: readonly (readonly [FetchCode, (token: string, key: string) => Fault])[] = [
  ['IDENTITY_REFUSED', () => ({ kind: 'denied' })],
  [
    'IDENTITY_REFUSED',
    (token) => custom(400, `<Code>InvalidIdentityToken</Code><Message>${token}</Message>`),
  ],
  ['IDENTITY_REFUSED', (token) => custom(403, `<Code>${token}</Code>`)],
  ['IDENTITY_REFUSED', (token) => custom(400, token)],
  ['AWS_UNAVAILABLE', (token) => custom(500, token)],
  ['AWS_UNAVAILABLE', (_token, key) => custom(200, `<SecretAccessKey>${key}</SecretAccessKey>`)],
  ['AWS_UNAVAILABLE', () => ({ kind: 'truncated' })],
  ['AWS_THROTTLED', () => ({ kind: 'throttle' })],
];
