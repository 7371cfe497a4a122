/** Every way in which AWS can fail, many of them with an answer that quotes what must stay secret. */
import { gzipSync } from 'node:zlib';
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
/** The page of a proxy that answers in the place of AWS. It may quote the request. */
const page = (status: number, quoted: string): Fault =>
  custom(status, `<!DOCTYPE html>\n<html><head><title>Blocked</title></head><body>${quoted}</body></html>`, {
    'content-type': 'text/html; charset=utf-8',
  });
const PAGE_STATUSES = [200, 302, 400, 401, 403, 404, 407, 429, 451, 503];
const LONG = 2 ** 20;

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
  ['AWS_UNAVAILABLE', custom(400, CANARY)],
  ...PAGE_STATUSES.map((status) => ['AWS_UNAVAILABLE', page(status, CANARY)] as const),
  ['AWS_UNAVAILABLE', custom(403, `{"error":${JSON_CANARY}}`, { 'content-type': 'application/json' })],
  ['AWS_UNAVAILABLE', custom(403, `{"code":${JSON_CANARY},"message":"blocked"}`)],
  ['AWS_UNAVAILABLE', custom(403, '')],
  ['AWS_UNAVAILABLE', custom(200, `{"SecretString":"${CANARY.padEnd(LONG, 'x')}"}`)],
  [
    'AWS_UNAVAILABLE',
    custom(400, `{"__type":"AccessDeniedException","Message":"${CANARY.padEnd(LONG, 'x')}"}`),
  ],
  ['AWS_UNAVAILABLE', custom(200, '{}', { 'x-long': CANARY.padEnd(20_000, 'x') })],
  [
    'AWS_UNAVAILABLE',
    {
      kind: 'custom',
      status: 200,
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync('x'.repeat(2 ** 24)),
    },
  ],
  ['AWS_ACCESS_DENIED', { kind: 'denied' }],
  ['AWS_ACCESS_DENIED', custom(400, `{"__type":"AccessDeniedException","Message":${JSON_CANARY}}`)],
  ['AWS_KMS_DENIED', { kind: 'kmsDenied' }],
  ['AWS_KMS_DENIED', { kind: 'decryptionFailure' }],
  ['SECRET_NOT_FOUND', { kind: 'notFound' }],
  ['SECRET_DELETED', { kind: 'scheduledForDeletion' }],
  ['IDENTITY_REFUSED', { kind: 'expiredToken' }],
];

const stsError = (status: number, content: string): Fault =>
  custom(status, `<ErrorResponse><Error>${content}</Error></ErrorResponse>`, { 'content-type': 'text/xml' });

/** Faults of the sign-in. A string that is asked for is answered with: the token, or a key of the session. */
export const OF_STS: readonly (readonly [FetchCode, (token: string, key: string) => Fault])[] = [
  ['IDENTITY_REFUSED', () => ({ kind: 'denied' })],
  [
    'IDENTITY_REFUSED',
    (token) => stsError(400, `<Code>InvalidIdentityToken</Code><Message>${token}</Message>`),
  ],
  ['IDENTITY_REFUSED', (token) => stsError(403, `<Code>${token}</Code>`)],
  ['AWS_UNAVAILABLE', (token) => custom(400, token)],
  ['AWS_UNAVAILABLE', (token) => custom(403, `<Code>${token}</Code>`)],
  [
    'AWS_UNAVAILABLE',
    (token) => custom(403, `<html><ErrorResponse><Code>${token}</Code></ErrorResponse></html>`),
  ],
  ['AWS_UNAVAILABLE', () => custom(403, '')],
  ...PAGE_STATUSES.map((status) => ['AWS_UNAVAILABLE', (token: string) => page(status, token)] as const),
  ['AWS_UNAVAILABLE', (token) => stsError(403, `<Code>AccessDenied</Code>${token.padEnd(LONG, 'x')}`)],
  ['AWS_UNAVAILABLE', (token) => custom(500, token)],
  ['AWS_UNAVAILABLE', (_token, key) => custom(200, `<SecretAccessKey>${key}</SecretAccessKey>`)],
  ['AWS_UNAVAILABLE', () => ({ kind: 'truncated' })],
  ['AWS_THROTTLED', () => ({ kind: 'throttle' })],
];
