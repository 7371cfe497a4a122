import { describe, expect, test } from 'vitest';
import { assumeRole, startAccount, stsError } from './account.ts';

describe('parameters', () => {
  const cases: Record<
    string,
    { change: Record<string, string | undefined>; code?: string; message: RegExp }
  > = {
    'no session name': {
      change: { RoleSessionName: undefined },
      message: /^1 validation error detected: Value null at 'roleSessionName' .* not be null$/,
    },
    'a session name of one character': {
      change: { RoleSessionName: 'a' },
      message: /greater than or equal to 2$/,
    },
    'a session name of 65 characters': {
      change: { RoleSessionName: 'a'.repeat(65) },
      message: /less than or equal to 64$/,
    },
    'a session name with a colon': {
      change: { RoleSessionName: 'shop:web' },
      message: /regular expression pattern: \[\\w\+=,\.@-\]\*$/,
    },
    'fifteen minutes less a second': {
      change: { DurationSeconds: '899' },
      message: /^1 validation error detected: Value '899' at 'durationSeconds' .* 900$/,
    },
    'twelve hours and a second': {
      change: { DurationSeconds: '43201' },
      message: /less than or equal to 43200$/,
    },
    'a role ARN that is invalid': {
      change: { RoleArn: 'arn:aws:iam::111122223333:user/me' },
      message: /is invalid$/,
    },
    'a token too long': {
      change: { WebIdentityToken: 'x'.repeat(20_001) },
      message: /Value '\*\*\*' at 'webIdentityToken'/,
    },
    'two mistakes': {
      change: { RoleSessionName: 'a', RoleArn: 'x' },
      message: /^2 validation errors detected: .*; /,
    },
    'another version of the API': {
      change: { Version: '2010-01-01' },
      code: 'InvalidAction',
      message: /for version 2010-01-01$/,
    },
    'another action': {
      change: { Action: 'GetSessionToken' },
      code: 'InvalidAction',
      message: /^Could not find operation GetSessionToken for/,
    },
  };
  for (const [name, { change, code = 'ValidationError', message }] of Object.entries(cases)) {
    test(`${name} is ${code}`, async () => {
      const aws = await startAccount();
      const answer = stsError(await assumeRole(aws, change));
      expect(answer).toEqual({ status: 400, code, message: expect.stringMatching(message) });
    });
  }
});
