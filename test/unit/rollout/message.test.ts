import { describe, expect, it } from 'vitest';
import { readMessage } from '../../../src/rollout/changes/message.ts';
import { DB, NOON, version } from '../../rollout/workloads.ts';

const ENVELOPE = {
  version: '0',
  source: 'aws.secretsmanager',
  account: '111122223333',
  region: 'eu-west-1',
  time: '2026-11-25T11:59:00Z',
  resources: [],
};
const LABEL = {
  ...ENVELOPE,
  'detail-type': 'Secret Label Updated',
  resources: [DB],
  detail: { name: 'shop/db', labelUpdated: 'AWSCURRENT', versionId: version(2) },
};
const CALL = {
  ...ENVELOPE,
  'detail-type': 'AWS API Call via CloudTrail',
  detail: {
    eventName: 'PutSecretValue',
    requestParameters: { secretId: 'db' },
    responseElements: { arn: DB },
  },
};
const SERVICE = {
  ...ENVELOPE,
  'detail-type': 'AWS Service Event via CloudTrail',
  detail: { eventName: 'RotationSucceeded', additionalEventData: { SecretId: DB } },
};
const UNKNOWN = { stage: undefined, versionId: undefined };

function read(event: unknown): unknown {
  return readMessage(JSON.stringify(event), NOON);
}

it('a moved label names the secret, the label and the version', () => {
  expect(read(LABEL)).toEqual({ arn: DB, stage: 'AWSCURRENT', versionId: version(2) });
});

it('calls and rotations that CloudTrail recorded name the secret', () => {
  expect(read(CALL)).toEqual({ arn: DB, ...UNKNOWN });
  expect(read(SERVICE)).toEqual({ arn: DB, ...UNKNOWN });
  const detail = { eventName: 'UpdateSecretVersionStage', responseElements: { aRN: DB } };
  expect(read({ ...CALL, detail })).toEqual({ arn: DB, ...UNKNOWN });
});

describe('is no hint', () => {
  it.each<readonly [string, unknown]>([
    ['not-json', 'x'],
    ['not-json', '[]'],
    ['not-json', `"${'x'.repeat(300_000)}"`],
    ['not-an-event', '{}'],
    ['not-an-event', JSON.stringify({ ...LABEL, source: 'aws.ec2' })],
    ['not-an-event', JSON.stringify({ ...LABEL, time: 'yesterday' })],
    ['not-an-event', JSON.stringify({ ...LABEL, resources: [] })],
    ['not-an-event', JSON.stringify({ ...LABEL, resources: [7] })],
    ['not-an-event', JSON.stringify({ ...LABEL, resources: ['arn:aws:s3:::bucket'] })],
    ['not-an-event', JSON.stringify({ ...CALL, detail: { eventName: 'PutSecretValue' } })],
    ['no-change', JSON.stringify({ ...CALL, detail: { ...CALL.detail, eventName: 'GetSecretValue' } })],
    ['no-change', JSON.stringify({ ...CALL, detail: { ...CALL.detail, errorCode: 'AccessDenied' } })],
    ['no-change', JSON.stringify({ ...LABEL, 'detail-type': 'Something New' })],
    ['other-account', JSON.stringify({ ...LABEL, account: '999900001111' })],
    ['other-account', JSON.stringify({ ...LABEL, region: 'us-east-1' })],
    ['stale', JSON.stringify({ ...LABEL, time: '2021-11-25T11:59:00Z' })],
    ['stale', JSON.stringify({ ...LABEL, time: '2031-11-25T11:59:00Z' })],
  ])('%s: %s', (reason, body) => {
    expect(readMessage(String(body), NOON)).toBe(reason);
  });
});
