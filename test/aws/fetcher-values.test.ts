import { statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { arnOf, onePlan, planOf, viewOf } from '../fetcher/plans.ts';

let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(() => aws.reset());
afterAll(() => aws.stop());

const ARN = arnOf('shop/db');

it('writes a file and variables, says so in one line, and exits 0', async () => {
  aws.standIn.putSecret({ arn: ARN, value: '{"user":"u","password":"p"}' });
  const plan = planOf([ARN], {
    env: [{ name: 'DB_USER', secret: 0, key: 'user' }],
    files: [{ path: 'db.json', secret: 0 }],
  });
  const finished = await aws.stage.run(plan);
  expect(finished).toMatchObject({ code: 0, stderr: '', termination: '' });
  expect(finished.versions).toMatch(/^versions v1 1 0=[\w-]{36};$/);
  expect(finished.stdout).toMatch(/^wrote 2 files from 1 secret in \d+ ms\n/);
  expect(aws.stage.read('env').toString()).toBe("DB_USER='u'\n");
  expect(aws.stage.read('db.json').toString()).toBe('{"user":"u","password":"p"}');
  expect(statSync(path.join(aws.stage.volume(), 'env')).mode & 0o777).toBe(0o444);
});

it('keeps what is already there', async () => {
  aws.standIn.putSecret({ arn: ARN, value: 'same' });
  await aws.stage.run(onePlan(ARN));
  const before = aws.stage.listing();
  const again = await aws.stage.run(onePlan(ARN));
  expect(again.stdout).toMatch(/^kept 1 file/);
  expect(aws.stage.listing()).toEqual(before);
});

it.each([
  ['text', 'plain'],
  ['an empty line feed', '\n'],
  ['64 KiB', 'x'.repeat(65_536)],
  ['UTF-8', 'π🙂e\u0301'],
])('writes %s byte for byte', async (_name, value) => {
  aws.standIn.putSecret({ arn: ARN, value });
  expect((await aws.stage.run(onePlan(ARN))).code).toBe(0);
  expect(aws.stage.read('value').equals(Buffer.from(value))).toBe(true);
});

it('writes binary byte for byte', async () => {
  const value = Uint8Array.from({ length: 1024 }, (_, index) => index % 256);
  aws.standIn.putSecret({ arn: ARN, value });
  expect((await aws.stage.run(onePlan(ARN))).code).toBe(0);
  expect(aws.stage.read('value').equals(value)).toBe(true);
});

it('keeps the digits of numbers, and writes members that are objects as compact JSON', async () => {
  aws.standIn.putSecret({
    arn: ARN,
    value: '{"n":12345678901234567890.50,"e":"","o":{ "a": [1, 2.0] },"t":true}',
  });
  const env = ['n', 'e', 'o', 't'].map((key) => ({ name: key.toUpperCase(), secret: 0, key }));
  expect((await aws.stage.run(planOf([ARN], { env }))).code).toBe(0);
  expect(aws.stage.read('env').toString()).toBe(
    "N='12345678901234567890.50'\nE=''\nO='{\"a\":[1,2.0]}'\nT='true'\n",
  );
});

it('makes a directory of the members, in two views with different contents', async () => {
  aws.standIn.putSecret({ arn: ARN, value: '{"host":"h","port":5432}' });
  const plan = {
    ...planOf([ARN], { filesFrom: [{ directory: 'db', secret: 0 }] }),
    views: [
      viewOf({ filesFrom: [{ directory: 'db', secret: 0 }] }),
      viewOf({ volume: 'aws-secrets-1', fileMode: '0400', envFrom: [{ id: 'a', secret: 0 }] }),
    ],
  };
  expect((await aws.stage.run(plan)).code).toBe(0);
  expect(aws.stage.read('db/port').toString()).toBe('5432');
  expect(aws.stage.read('env', 'aws-secrets-1').toString()).toBe("host='h'\nport='5432'\n");
  expect(aws.stage.listing('aws-secrets-1')).toContain('env');
  expect(aws.standIn.requests.filter((request) => request.operation === 'GetSecretValue')).toHaveLength(1);
});

it.each<[string, string | Uint8Array, 'env' | 'files', string, number]>([
  ['text that is not JSON', 'hunter2', 'env', 'VALUE_NOT_JSON', 14],
  ['JSON that is no object', '[1]', 'env', 'VALUE_NOT_JSON', 14],
  ['a missing key', '{"other":1}', 'env', 'VALUE_KEY_MISSING', 14],
  ['a null', '{"key":null}', 'files', 'VALUE_KEY_MISSING', 14],
  ['a NUL in a variable', '{"key":"a\\u0000b"}', 'env', 'VALUE_NOT_REPRESENTABLE', 14],
  ['half of a surrogate pair', '{"key":"\\ud800"}', 'env', 'VALUE_NOT_REPRESENTABLE', 14],
  ['bytes where JSON is asked', Uint8Array.of(0xff, 0xfe), 'env', 'VALUE_NOT_JSON', 14],
])('refuses %s', async (_name, value, kind, code, exit) => {
  aws.standIn.putSecret({ arn: ARN, value });
  const plan = planOf(
    [ARN],
    kind === 'env'
      ? { env: [{ name: 'KEY', secret: 0, key: 'key' }] }
      : { files: [{ path: 'key', secret: 0, key: 'key' }] },
  );
  const finished = await aws.stage.run(plan);
  expect(finished.code).toBe(exit);
  expect(finished.termination).toMatch(new RegExp(`^${code} secrets-injector\\.dev/`));
  expect(aws.stage.listing()).toEqual([]);
});

it('refuses invalid UTF-8 as a whole variable', async () => {
  aws.standIn.putSecret({ arn: ARN, value: Uint8Array.of(0x61, 0xff) });
  const finished = await aws.stage.run(planOf([ARN], { env: [{ name: 'KEY', secret: 0 }] }));
  expect(finished.code).toBe(14);
  expect(finished.stderr).toContain('VALUE_NOT_TEXT secrets-injector.dev/env.KEY');
});

it('shows nothing of any view when one cannot be rendered', async () => {
  const bad = arnOf('shop/bad');
  aws.standIn.putSecret({ arn: ARN, value: 'fine' });
  aws.standIn.putSecret({ arn: bad, value: 'not json' });
  const plan = {
    ...planOf([ARN, bad], {}),
    views: [
      viewOf({ files: [{ path: 'value', secret: 0 }] }),
      viewOf({ volume: 'aws-secrets-1', env: [{ name: 'A', secret: 1, key: 'a' }] }),
    ],
  };
  expect((await aws.stage.run(plan)).code).toBe(14);
  expect([...aws.stage.listing(), ...aws.stage.listing('aws-secrets-1')]).toEqual([]);
});

it('tells versions of one secret apart', async () => {
  const secret = aws.standIn.putSecret({ arn: ARN, value: 'first' });
  secret.putValue('second');
  const plan = {
    ...planOf([ARN, ARN], {
      files: [
        { path: 'now', secret: 0 },
        { path: 'before', secret: 1 },
      ],
    }),
    secrets: [{ arn: ARN }, { arn: ARN, stage: 'AWSPREVIOUS' }],
  };
  expect((await aws.stage.run(plan)).code).toBe(0);
  expect([aws.stage.read('now').toString(), aws.stage.read('before').toString()]).toEqual([
    'second',
    'first',
  ]);
});
